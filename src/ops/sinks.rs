use crate::catalog::Axis;
use crate::device::BufferRange;
use crate::error::Error;

/// Sinks of softmax and log_softmax, as attention has them (Xiao et al. 2024; gpt-oss, OpenAI 2025): a sink is one more score of
/// a row, which takes its share of the whole and has no result.
///
/// With a sink c, softmax is `exp(x/T)/(exp(c/T) + Σ exp(x/T))`. A sink of 0 makes it quiet_softmax, and −∞ leaves it as it is.
/// +∞ gives NaN. The gradient from y needs no sink.
///
/// ```
/// use gpu_activations::{Axis, AxisFunction, GpuActivations, Sinks};
///
/// let context = GpuActivations::new()?;
/// let (heads, keys) = (Axis::new(&[2, 2], 0)?, Axis::new(&[2, 2], 1)?);
/// let x = context.upload(&[0.0_f32; 4])?;
/// let values = context.upload(&[0.0_f32, f32::NEG_INFINITY])?;
/// let sinks = Sinks::per_channel(&values, &heads);
/// let softmax = AxisFunction::Softmax { temperature: 1.0 };
/// let y = context.forward_along_with_sinks(&softmax, &keys, None, &sinks, &x)?;
/// assert_eq!(context.download(&y)?, [1.0 / 3.0, 1.0 / 3.0, 0.5, 0.5]);
/// # Ok::<(), gpu_activations::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Sinks<'a> {
    pub(crate) values: BufferRange<'a, f32>,
    sharing: Sharing,
}

#[derive(Debug, Clone)]
enum Sharing {
    Tensor,
    Channel(Axis),
    Row,
}

impl<'a> Sinks<'a> {
    /// One sink for all rows.
    pub fn per_tensor(value: impl Into<BufferRange<'a, f32>>) -> Self {
        Sinks { values: value.into(), sharing: Sharing::Tensor }
    }

    /// One for each index of an axis of x, which is not the axis of the rows: the heads of an attention.
    pub fn per_channel(values: impl Into<BufferRange<'a, f32>>, axis: &Axis) -> Self {
        Sinks { values: values.into(), sharing: Sharing::Channel(axis.clone()) }
    }

    /// One for each row, in C order of the other axes.
    pub fn per_row(values: impl Into<BufferRange<'a, f32>>) -> Self {
        Sinks { values: values.into(), sharing: Sharing::Row }
    }

    /// The number of sinks.
    pub(crate) fn len(&self) -> usize {
        self.values.elements as usize
    }

    /// The number of channels of the rows along an axis, and the number of successive rows of one channel.
    pub(crate) fn channels(&self, axis: &Axis) -> Result<(usize, usize), Error> {
        let shape = axis.shape();
        let (sharing, channels, length) = match &self.sharing {
            Sharing::Tensor => ("for all rows", 1, 1),
            Sharing::Row => ("for each row", axis.outer() * axis.inner(), 1),
            Sharing::Channel(other) if other.shape() == shape && other.index() != axis.index() => {
                let after = (other.index() + 1..shape.len()).filter(|&index| index != axis.index());
                ("for each channel", other.length(), after.map(|index| shape[index]).product())
            }
            Sharing::Channel(other) => {
                let (shape, axis) = (shape.to_vec(), axis.index());
                return Err(Error::SinkAxis { shape, axis, given: other.shape().to_vec(), given_axis: other.index() });
            }
        };
        if self.len() == channels {
            return Ok((channels, length));
        }
        let (shape, axis) = (shape.to_vec(), axis.index());
        Err(Error::SinkMismatch { given: self.values.elements, expected: channels as u64, sharing, shape, axis })
    }
}
