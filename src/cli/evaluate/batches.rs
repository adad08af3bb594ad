use gpu_activations::{Axis, AxisFunction, Error};
use std::ops::Range;

/// An axis of an array that may have more elements than a device counts: it is worked on in batches of outer entries.
pub struct LongAxis {
    shape: Vec<usize>,
    /// The axis in one outer entry.
    pub entry: Axis,
}

impl LongAxis {
    pub fn new(shape: Vec<usize>, axis: isize) -> Result<LongAxis, Error> {
        let lengths = vec![1; shape.len()];
        let found = Axis::new(&lengths, axis);
        let index = found.map_err(|_| Error::AxisOutOfRange { axis, shape: shape.clone() })?.index();
        let entry = Axis::new(&[&lengths[..index], &shape[index..]].concat(), axis)?;
        Ok(LongAxis { shape, entry })
    }

    fn outer(&self) -> usize {
        self.shape[..self.entry.index()].iter().product()
    }

    /// The whole array in one batch.
    pub fn whole(&self) -> Result<Batch, Error> {
        let axis = Axis::new(&self.shape, self.entry.index() as isize)?;
        Ok(Batch { entries: 0..self.outer(), axis: Some(axis) })
    }

    /// Batches of about so many elements.
    pub fn batches(&self, elements: usize) -> Result<Vec<Batch>, Error> {
        let most = (elements / self.entry.elements().max(1)).max(1);
        let batch = |first: usize| {
            let entries = first..self.outer().min(first + most);
            let mut shape = self.entry.shape().to_vec();
            if self.entry.index() > 0 {
                shape[0] = entries.len();
            }
            Ok(Batch { entries, axis: Some(Axis::new(&shape, self.entry.index() as isize)?) })
        };
        (0..self.outer()).step_by(most).map(batch).collect()
    }

    /// The shape of the result of a function.
    pub fn output_shape(&self, function: &AxisFunction) -> Result<Vec<u64>, Error> {
        let of_entry = function.output_shape(&self.entry)?;
        let index = self.entry.index();
        Ok(self.shape[..index].iter().chain(&of_entry[index..]).map(|&length| length as u64).collect())
    }
}

/// Outer entries that are evaluated at once, and the axis of an array of these.
pub struct Batch {
    pub entries: Range<usize>,
    pub axis: Option<Axis>,
}
