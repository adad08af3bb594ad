use crate::catalog::axis::Axis;
use crate::error::{Error, check_lengths};

/// An array that numpy's rules repeat over a larger one, both in C order: shapes are aligned at their last axes, and an axis of
/// length 1 repeats.
///
/// ```
/// use gpu_activations::Broadcast;
///
/// let columns = Broadcast::new(&[3, 1], &[2, 3, 2])?;
/// assert_eq!(columns.repeated(&['a', 'b', 'c'])?, "aabbccaabbcc".chars().collect::<Vec<_>>());
/// let error = Broadcast::new(&[4], &[2, 3]).unwrap_err();
/// assert_eq!(error.to_string(), "the array has the shape (4,), which numpy does not broadcast to (2, 3)");
/// # Ok::<(), gpu_activations::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// The lengths of the larger array's axes.
    lengths: Vec<usize>,
    /// The distance between the array's entries along each of these axes; 0 where they repeat.
    strides: Vec<usize>,
    /// The number of the array's entries.
    elements: usize,
}

/// Adjacent axes of the larger array along which the smaller one lies in order, or repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub length: usize,
    /// The distance between the smaller array's entries; 0 where they repeat.
    pub stride: usize,
}

impl Broadcast {
    /// An array of shape `shape`, repeated over one of shape `onto`.
    ///
    /// # Errors
    /// [`Error::NotBroadcast`]; [`Error::TooManyElements`] if `usize` cannot count those of `onto`.
    pub fn new(shape: &[usize], onto: &[usize]) -> Result<Broadcast, Error> {
        Broadcast::of("the array", shape, onto)
    }

    /// Of an operand that messages call by its name.
    pub(crate) fn of(operand: &str, shape: &[usize], onto: &[usize]) -> Result<Broadcast, Error> {
        let fits = |(own, larger): (&usize, &usize)| own == larger || *own == 1;
        let before = onto.len().checked_sub(shape.len());
        let before = before.filter(|&before| shape.iter().zip(&onto[before..]).all(fits)).ok_or_else(|| {
            Error::NotBroadcast { operand: operand.to_owned(), shape: shape.to_vec(), onto: onto.to_vec() }
        })?;
        // The smaller array has no more elements.
        let all = onto.iter().try_fold(1, |product: usize, &length| product.checked_mul(length.max(1)));
        if all.is_none() {
            return Err(Error::TooManyElements { shape: onto.to_vec(), limit: usize::MAX });
        }
        let mut strides = vec![0; onto.len()];
        let mut elements = 1;
        for (axis, &length) in shape.iter().enumerate().rev() {
            strides[before + axis] = if length == 1 { 0 } else { elements };
            elements *= length;
        }
        Ok(Broadcast { lengths: onto.to_vec(), strides, elements })
    }

    /// The index within the array of what belongs to an element of the larger one.
    #[must_use]
    pub fn index(&self, element: usize) -> usize {
        let axes = self.lengths.iter().zip(&self.strides).rev();
        let step = |(rest, index), (&length, stride): (&usize, &usize)| {
            let length = length.max(1);
            (rest / length, index + rest % length * stride)
        };
        axes.fold((element, 0), step).1
    }

    /// Returns the larger array.
    ///
    /// # Errors
    /// - [`Error::LengthMismatch`] if `values` has another length than the shape;
    /// - [`Error::TooManyElements`].
    pub fn repeated<T: Copy>(&self, values: &[T]) -> Result<Vec<T>, Error> {
        check_lengths("the array", values.len() as u64, "its shape", self.elements as u64)?;
        let elements = Axis::checked_elements(&self.lengths)?;
        Ok((0..elements).map(|element| values[self.index(element)]).collect())
    }

    /// The number of the array's entries.
    pub(crate) fn elements(&self) -> usize {
        self.elements
    }

    /// The axes in as few runs as there are, the last first. Axes of length 1 belong to any.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (&length, &stride) in self.lengths.iter().zip(&self.strides).rev().filter(|&(&length, _)| length != 1) {
            match runs.last_mut() {
                Some(run) if (run.stride == 0) == (stride == 0) => run.length *= length,
                _ => runs.push(Run { length, stride }),
            }
        }
        runs
    }

    /// The lengths before, along and after the axes that the array has, if these are adjacent: then it has a value for each
    /// channel of an axis made of them. None for an array of one entry, which has no such axis.
    #[must_use]
    pub fn channels(&self) -> Option<[usize; 3]> {
        let runs = self.runs();
        let length = |index: usize| runs.get(index).map_or(1, |run| run.length);
        let own = runs.iter().position(|run| run.stride != 0)?;
        let is_single = runs.len() <= own + 2 && own <= 1;
        is_single.then(|| [length(own + 1), length(own), if own == 0 { 1 } else { length(0) }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_numpys() {
        let broadcast = Broadcast::new(&[3, 1], &[2, 3, 4]).unwrap();
        let indices: Vec<usize> = (0..24).map(|element| broadcast.index(element)).collect();
        assert_eq!(indices, (0..24).map(|element| element / 4 % 3).collect::<Vec<_>>());
        assert_eq!(broadcast.channels(), Some([2, 3, 4]));
        let columns = Broadcast::new(&[2, 1, 4], &[2, 3, 4]).unwrap();
        assert_eq!((columns.index(23), columns.channels()), (7, None));
        assert_eq!(Broadcast::new(&[3, 4], &[2, 3, 4]).unwrap().channels(), Some([2, 12, 1]));
        assert_eq!(Broadcast::new(&[2, 1, 4], &[2, 1, 4]).unwrap().channels(), Some([1, 8, 1]));
        assert_eq!(Broadcast::new(&[2, 1, 1], &[2, 3, 4]).unwrap().channels(), Some([1, 2, 12]));
        assert_eq!(Broadcast::new(&[], &[2, 3]).unwrap().channels(), None);
        for shape in [&[2][..], &[3, 2], &[1, 2, 3, 4]] {
            assert!(Broadcast::new(shape, &[2, 3, 4]).is_err(), "{shape:?}");
        }
    }

    #[test]
    fn adjacent_axes_are_one_run() {
        let runs = |shape: &[usize], onto: &[usize]| -> Vec<(usize, usize)> {
            Broadcast::new(shape, onto).unwrap().runs().iter().map(|run| (run.length, run.stride)).collect()
        };
        assert_eq!(runs(&[2, 1, 1, 5], &[2, 3, 4, 5]), [(5, 1), (12, 0), (2, 5)]);
        assert_eq!(runs(&[4, 5], &[2, 3, 4, 5]), [(20, 1), (6, 0)]);
        assert_eq!(runs(&[2, 1, 4, 1], &[2, 3, 4, 5]), [(5, 0), (4, 1), (3, 0), (2, 4)]);
        assert_eq!(runs(&[2, 1, 5], &[2, 1, 5]), [(10, 1)]);
        assert_eq!(runs(&[], &[2, 3]), [(6, 0)]);
    }

    #[test]
    fn lengths_beyond_usize_are_refused() {
        let huge = 1 << 40;
        let error = Broadcast::new(&[1], &[huge, huge]).unwrap_err();
        assert!(matches!(error, Error::TooManyElements { .. }), "{error}");
        assert!(Broadcast::new(&[2, 1], &[2, huge]).unwrap().repeated(&[1, 2]).is_err());
    }

    #[test]
    fn repeating_needs_as_many_values_as_the_shape_has() {
        let broadcast = Broadcast::new(&[2, 1], &[2, 2]).unwrap();
        assert_eq!(broadcast.repeated(&[7, 8]).unwrap(), [7, 7, 8, 8]);
        assert_eq!(broadcast.repeated(&[7]).unwrap_err().to_string(), "the array has 1 element, its shape has 2");
        assert!(Broadcast::new(&[0, 1], &[0, 3]).unwrap().repeated::<u8>(&[]).unwrap().is_empty());
        assert!(Broadcast::new(&[1], &[0, 3]).is_ok());
    }
}
