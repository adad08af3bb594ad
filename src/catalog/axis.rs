use crate::error::Error;
use std::ops::Range;

/// The shape of an array in C order, and one of its axes.
///
/// ```
/// use gpu_activations::{Axis};
///
/// let channels = Axis::new(&[8, 3, 32, 32], 1)?;
/// assert_eq!((channels.length(), channels.elements()), (3, 24_576));
/// # Ok::<(), gpu_activations::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    shape: Vec<usize>,
    index: usize,
}

impl Axis {
    /// An axis of an array of this shape. A negative `axis` counts from the end.
    ///
    /// ```
    /// use gpu_activations::Axis;
    /// let axis = Axis::new(&[2, 3, 4], -2)?;
    /// assert_eq!((axis.index(), axis.length(), axis.elements()), (1, 3, 24));
    /// assert!(Axis::new(&[2, 3], 2).is_err());
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::AxisOutOfRange`]; [`Error::TooManyElements`] for 2³¹ elements or more.
    pub fn new(shape: &[usize], axis: isize) -> Result<Axis, Error> {
        let from_end = if axis < 0 { shape.len() as isize } else { 0 };
        let index = usize::try_from(axis.saturating_add(from_end)).ok().filter(|&index| index < shape.len());
        let index = index.ok_or_else(|| Error::AxisOutOfRange { axis, shape: shape.to_vec() })?;
        Self::checked_elements(shape)?;
        Ok(Axis { shape: shape.to_vec(), index })
    }

    /// The number of elements of an array of this shape.
    pub(crate) fn checked_elements(shape: &[usize]) -> Result<usize, Error> {
        // As in numpy, a length of 0 does not excuse the other lengths.
        let most = shape.iter().try_fold(1, |product: usize, &length| product.checked_mul(length.max(1)));
        if most.is_none_or(|most| most > Self::MOST_ELEMENTS) {
            return Err(Error::TooManyElements { shape: shape.to_vec(), limit: Self::MOST_ELEMENTS });
        }
        Ok(shape.iter().product())
    }

    /// The last axis of an array of this shape.
    ///
    /// # Errors
    /// Those of [`Axis::new`].
    pub fn last(shape: &[usize]) -> Result<Axis, Error> {
        Axis::new(shape, -1)
    }

    /// Shaders count elements in 32 bits, with room for a workgroup after the last element.
    const MOST_ELEMENTS: usize = i32::MAX as usize;

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The axis, counting from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The number of elements along the axis.
    #[must_use]
    pub fn length(&self) -> usize {
        self.shape[self.index]
    }

    /// The number of elements.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The product of the lengths before the axis.
    pub(crate) fn outer(&self) -> usize {
        self.shape[..self.index].iter().product()
    }

    /// The product of the lengths after the axis.
    pub(crate) fn inner(&self) -> usize {
        self.shape[self.index + 1..].iter().product()
    }

    /// Whether elements belong to the same entries of both axes, however the other axes divide the array.
    pub(crate) fn has_channels_of(&self, other: &Axis) -> bool {
        let lengths = |axis: &Axis| [axis.outer(), axis.length(), axis.inner()];
        lengths(self) == lengths(other)
    }

    /// The shape with another length along the axis.
    pub(crate) fn with_length(&self, length: usize) -> Vec<usize> {
        let mut shape = self.shape.clone();
        shape[self.index] = length;
        shape
    }

    /// Splits the array into batches of successive outer entries. A batch has at most `elements` elements, or one outer
    /// entry if that has more. Each batch comes with the axis of its own array and its range of outer entries.
    ///
    /// ```
    /// use gpu_activations::Axis;
    /// let axis = Axis::last(&[5, 8])?;
    /// let rows: Vec<_> = axis.batches(16).map(|(_, entries)| entries).collect();
    /// assert_eq!(rows, [0..2, 2..4, 4..5]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    pub fn batches(&self, elements: usize) -> impl Iterator<Item = (Axis, Range<usize>)> + use<'_> {
        let (outer, block) = (self.outer(), self.length() * self.inner());
        let most = (elements / block.max(1)).clamp(1, outer.max(1));
        (0..outer).step_by(most).map(move |first| {
            let batch = first..outer.min(first + most);
            let mut shape = self.shape.clone();
            shape[..self.index].fill(1);
            // The first axis has one outer entry.
            if self.index > 0 {
                shape[0] = batch.len();
            }
            (Axis { shape, index: self.index }, batch)
        })
    }
}
