use gpu_activations::{Axis, AxisFunction, Error};
use std::ops::Range;

/// An axis of an array that may have more elements than a device counts: it is worked on in batches of outer entries.
pub struct LongAxis {
    shape: Vec<usize>,
    /// The axis in one outer entry.
    entry: Axis,
    /// The axis in the whole array, unless that has too many elements.
    whole: Result<Axis, Error>,
}

/// Outer entries that are evaluated at once, and the axis of an array of these.
pub struct Batch {
    pub entries: Range<usize>,
    pub axis: Option<Axis>,
}

impl LongAxis {
    pub fn new(shape: Vec<usize>, axis: isize) -> Result<LongAxis, Error> {
        let whole = Axis::new(&shape, axis);
        if let Err(error @ Error::AxisOutOfRange { .. }) = whole {
            return Err(error);
        }
        let lengths = vec![1; shape.len()];
        let index = Axis::new(&lengths, axis)?.index();
        let entry = Axis::new(&[&lengths[..index], &shape[index..]].concat(), axis);
        // The whole shape is the one that the user knows.
        let entry = entry.map_err(|error| whole.clone().err().unwrap_or(error))?;
        Ok(LongAxis { shape, entry, whole })
    }

    /// The axis, counting from 0.
    pub fn index(&self) -> usize {
        self.entry.index()
    }

    /// The whole array in one batch.
    pub fn whole(&self) -> Result<Batch, Error> {
        Ok(Batch { entries: 0..1, axis: Some(self.whole.clone()?) })
    }

    /// Batches of about so many elements, of an array that has some.
    pub fn batches(&self, elements: usize) -> Result<Vec<Batch>, Error> {
        let outer: usize = self.shape[..self.index()].iter().product();
        let most = (elements / self.entry.elements()).max(1);
        let batch = |first: usize| {
            let entries = first..outer.min(first + most);
            let mut shape = self.entry.shape().to_vec();
            if self.index() > 0 {
                shape[0] = entries.len();
            }
            Ok(Batch { entries, axis: Some(Axis::new(&shape, self.index() as isize)?) })
        };
        (0..outer).step_by(most).map(batch).collect()
    }

    /// The shape of the result of a function.
    pub fn output_shape(&self, function: &AxisFunction) -> Result<Vec<u64>, Error> {
        let of_axis = function.output_shape(self.whole.as_ref().unwrap_or(&self.entry))?;
        let index = self.index();
        Ok(self.shape[..index].iter().chain(&of_axis[index..]).map(|&length| length as u64).collect())
    }
}
