use crate::catalog::{Axis, Broadcast, Run};
use crate::device::{BufferRange, GpuBuffer};
use crate::error::{Error, check_lengths};
use crate::shader::MOST_MASK_RUNS;

/// What counts of an array along an axis: a byte for each element, of which 0 leaves the element out. A mask has x's shape, or
/// one that numpy's rules repeat over x's, such as (B, 1, 1, L) over the scores of an attention.
///
/// ```
/// use gpu_activations::{Axis, AxisFunction, GpuActivations, Mask};
///
/// let context = GpuActivations::new()?;
/// let rows = Axis::last(&[2, 3])?;
/// let x = context.upload(&[0.0_f32; 6])?;
/// let softmax = AxisFunction::Softmax { temperature: 1.0 };
/// let kept = context.upload(&[1_u8, 1, 0])?;
/// let y = context.forward_along(&softmax, &rows, Some(Mask::broadcast(&kept, &[3])), &x)?;
/// assert_eq!(context.download(&y)?, [0.5, 0.5, 0.0, 0.5, 0.5, 0.0]);
///
/// let all = context.upload(&[1_u8, 1, 0, 0, 0, 1])?;
/// let y = context.forward_along(&softmax, &rows, Some((&all).into()), &x)?;
/// assert_eq!(context.download(&y)?, [0.5, 0.5, 0.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), gpu_activations::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Mask<'a> {
    pub(crate) bytes: BufferRange<'a, u8>,
    /// None for x's own.
    shape: Option<&'a [usize]>,
}

impl<'a> Mask<'a> {
    /// A mask of this shape, which numpy's rules repeat over x's: shapes are aligned at their last axes, and an axis of length 1
    /// repeats. Nothing is repeated in memory. The call that takes the mask checks its length and shape. It may switch between
    /// axes of its own and axes along which it repeats seven times at most, which any x of up to eight axes allows.
    #[must_use]
    pub fn broadcast(bytes: impl Into<BufferRange<'a, u8>>, shape: &'a [usize]) -> Self {
        Mask { bytes: bytes.into(), shape: Some(shape) }
    }

    /// The runs of axes along which the mask lies or repeats, the last first; none if it lies as x does.
    pub(crate) fn runs(&self, axis: &Axis) -> Result<Vec<Run>, Error> {
        let Some(shape) = self.shape else {
            check_lengths("mask", self.bytes.elements, "the shape", axis.elements() as u64)?;
            return Ok(Vec::new());
        };
        let broadcast = Broadcast::of("the mask", shape, axis.shape())?;
        check_lengths("mask", self.bytes.elements, "its shape", broadcast.elements() as u64)?;
        let runs = broadcast.runs();
        if runs.len() > MOST_MASK_RUNS {
            let (shape, onto) = (shape.to_vec(), axis.shape().to_vec());
            return Err(Error::MaskTooScattered { shape, onto, runs: runs.len(), limit: MOST_MASK_RUNS });
        }
        Ok(if runs.iter().all(|run| run.stride != 0) { Vec::new() } else { runs })
    }
}

impl<'a> From<BufferRange<'a, u8>> for Mask<'a> {
    fn from(bytes: BufferRange<'a, u8>) -> Self {
        Mask { bytes, shape: None }
    }
}

impl<'a> From<&'a GpuBuffer<u8>> for Mask<'a> {
    fn from(buffer: &'a GpuBuffer<u8>) -> Self {
        BufferRange::from(buffer).into()
    }
}
