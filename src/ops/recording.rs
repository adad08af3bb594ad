use crate::catalog::Accuracy;
use crate::device::{Command, Device, Dispatch, InBatch, Launch, OwnedCommand, PlannedDispatch};
use crate::error::Error;
use crate::ops::rowwise::Strategy;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

/// Records operations into a compute pass; the owner of the encoder submits it.
///
/// Objects used by a recording may be dropped before it is submitted.
#[derive(Debug)]
#[must_use = "a recording that nothing is recorded into does nothing"]
pub struct Recording<'a, 'pass> {
    pub(crate) device: &'a Device,
    pub(crate) strategy: Strategy,
    pub(crate) accuracy: Accuracy,
    pub(crate) pass: Target<'a, 'pass>,
    /// Scratch memory of the commands, for reuse after the submission.
    pub(crate) scratch: Vec<wgpu::Buffer>,
    /// The buffers that a batch of the context uses until submission; none if the caller submits.
    pub(crate) batch: Option<RefCell<Vec<InBatch>>>,
    /// The last commands, ready to be recorded again: a loop over the same buffers creates its bind groups once.
    pub(crate) recent: RefCell<Recent>,
    /// What the pass has been set to by the last command.
    pub(crate) set: Option<Launch>,
}

/// The number of commands that a recording remembers.
const MOST_RECENT: usize = 16;

pub(crate) type Recent = VecDeque<(OwnedCommand, Dispatch)>;

#[derive(Debug)]
pub(crate) enum Target<'a, 'pass> {
    Own(Box<wgpu::ComputePass<'pass>>),
    Callers(&'a mut wgpu::ComputePass<'pass>),
    Plan(Vec<Arc<PlannedDispatch>>),
}

impl Recording<'_, '_> {
    /// Sets the accuracy of the operations recorded from here on. It begins as the context's.
    ///
    /// ```
    /// use gpu_activations::{Accuracy, Activation, GpuActivations};
    ///
    /// let context = GpuActivations::new()?;
    /// let x = context.upload(&[1.0_f32])?;
    /// context.batch(|recording| {
    ///     recording.set_accuracy(Accuracy::Fast);
    ///     recording.forward(Activation::Gelu, &x, &x)
    /// })?;
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    pub fn set_accuracy(&mut self, accuracy: Accuracy) {
        self.accuracy = accuracy;
    }

    /// Prepares a command, or finds it among the last ones.
    pub(crate) fn dispatch(&self, command: Command<'_>) -> Result<Dispatch, Error> {
        let mut recent = self.recent.borrow_mut();
        if let Some((_, dispatch)) = recent.iter().find(|(known, _)| *known == command) {
            return Ok(dispatch.clone());
        }
        let owned = command.to_owned();
        let dispatch = self.device.checked(|| self.device.dispatch(command))?;
        recent.truncate(MOST_RECENT - 1);
        recent.push_front((owned, dispatch.clone()));
        Ok(dispatch)
    }

    /// Records commands.
    pub(crate) fn run(&mut self, dispatches: &[Dispatch]) {
        for dispatch in dispatches {
            match (dispatch, &mut self.pass) {
                (Dispatch::Launch(launch), Target::Own(pass)) => launch.record(pass, &mut self.set),
                (Dispatch::Launch(launch), Target::Callers(pass)) => launch.record(pass, &mut self.set),
                (Dispatch::Planned(planned), Target::Plan(plan)) => plan.push(Arc::clone(planned)),
                // A device either launches or plans, and its recordings have the target for it.
                (Dispatch::Launch(_), Target::Plan(_)) | (Dispatch::Planned(_), _) => {}
            }
        }
    }
}
