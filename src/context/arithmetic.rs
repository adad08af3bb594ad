use crate::context::handle::GpuActivations;
use crate::device::{Arithmetic, BoundRange, Command, Device, READBACK, RESIDENT, Waiting};
use crate::error::Error;
use crate::ops::Recording;
use crate::shader::{Access, Kernel, numbers};
use bytemuck::Pod;
use std::sync::Arc;

impl GpuActivations {
    /// How the device computes, as far as it is known: the builder finds out, and [`GpuActivations::probe`] where a
    /// context was made by [`GpuActivations::from_device`].
    #[must_use]
    pub fn arithmetic(&self) -> Option<Arithmetic> {
        self.device.arithmetic.get().copied()
    }

    /// As [`GpuActivations::probe`], in an [async form](GpuActivations#async-forms).
    ///
    /// # Errors
    /// As [`GpuActivations::probe`].
    pub async fn probe_async(&self) -> Result<Arithmetic, Error> {
        self.probe_waiting(Waiting::Yielding).await
    }

    pub(crate) async fn probe_waiting(&self, waiting: Waiting) -> Result<Arithmetic, Error> {
        if let Some(known) = self.arithmetic() {
            return Ok(known);
        }
        let x = Arithmetic::operands();
        let result = computed(self, Kernel::Arithmetic, &x, waiting).await?;
        // Without the type f16 a device may refuse the conversions, too.
        let differences = match self.device.wgpu.features().contains(wgpu::Features::SHADER_F16) {
            true => computed(self, Kernel::F16Conversions, &[u32::MAX; 4], waiting).await?,
            false => vec![u32::MAX; 4],
        };
        let arithmetic = *self.device.arithmetic.get_or_init(|| Arithmetic::of(&x, &result, &differences));
        self.device.cache.forget_pipelines();
        Ok(arithmetic)
    }
}

/// What a probe makes of its operands, in as many results.
async fn computed<T: Pod>(
    context: &GpuActivations,
    kernel: Kernel,
    x: &[T],
    waiting: Waiting,
) -> Result<Vec<T>, Error> {
    let device: &Arc<Device> = &context.device;
    let bytes = size_of_val(x).next_multiple_of(16) as u64;
    let (operands, results) = (device.acquire(bytes, RESIDENT)?, device.acquire(bytes, RESIDENT)?);
    let readable = device.acquire(bytes, READBACK)?;
    device.write(&operands, bytemuck::cast_slice(x))?;
    let mut bindings = vec![BoundRange::whole(numbers::RESULT, Access::Write, &results)];
    if kernel == Kernel::Arithmetic {
        bindings.push(BoundRange::whole(numbers::X, Access::Read, &operands));
    }
    let command =
        Command { label: "probe", kernel, entry_point: "probe", bindings, uniform: Vec::new(), workgroups: 1 };
    let dispatch = device.checked(|| device.dispatch(command))?;
    let record = |recording: &mut Recording<'_, '_>| {
        recording.run(&[dispatch]);
        Ok(())
    };
    let download = |encoder: &mut wgpu::CommandEncoder| encoder.copy_buffer_to_buffer(&results, 0, &readable, 0, bytes);
    let submission = context.batch_between(|_| (), record, download)?;
    let mut result = vec![T::zeroed(); x.len()];
    device.read(&readable, submission, 0, bytemuck::cast_slice_mut(&mut result), waiting).await?;
    Ok(result)
}
