//! Arrays that numpy broadcasts onto the shape of x.

/// How an array's elements repeat over x, both in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Broadcast {
    /// The lengths of x's axes.
    lengths: Vec<usize>,
    /// The distance between the array's entries along each axis of x; 0 where they repeat.
    strides: Vec<usize>,
}

impl Broadcast {
    /// Returns none if numpy does not broadcast the array onto x. Shapes are aligned at their last axes.
    pub fn new(shape: &[u64], x: &[u64]) -> Option<Broadcast> {
        let before = x.len().checked_sub(shape.len())?;
        let fits = |(own, of_x): (&u64, &u64)| own == of_x || *own == 1;
        if !shape.iter().zip(&x[before..]).all(fits) {
            return None;
        }
        let mut strides = vec![0; x.len()];
        let mut stride = 1;
        for (axis, &length) in shape.iter().enumerate().rev() {
            strides[before + axis] = if length == 1 { 0 } else { stride };
            stride *= length as usize;
        }
        Some(Broadcast { lengths: x.iter().map(|&length| length as usize).collect(), strides })
    }

    /// The index within the array of what belongs to an element of x.
    pub fn index(&self, element: usize) -> usize {
        let axes = self.lengths.iter().zip(&self.strides).rev();
        let (_, index) =
            axes.fold((element, 0), |(rest, index), (length, stride)| (rest / length, index + rest % length * stride));
        index
    }

    /// The lengths before, along and after the axes that the array has, if these are adjacent: then it has a value for each
    /// channel of an axis made of them.
    pub fn run(&self) -> Option<[usize; 3]> {
        let own: Vec<usize> = (0..self.strides.len()).filter(|&axis| self.strides[axis] != 0).collect();
        let (first, last) = (*own.first()?, *own.last()?);
        let is_adjacent = (first..=last).all(|axis| self.strides[axis] != 0 || self.lengths[axis] == 1);
        let product = |axes: &[usize]| axes.iter().product();
        let [outer, inner] = [&self.lengths[..first], &self.lengths[last + 1..]].map(product);
        is_adjacent.then(|| [outer, product(&self.lengths[first..=last]), inner])
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
        assert_eq!(broadcast.run(), Some([2, 3, 4]));
        let columns = Broadcast::new(&[2, 1, 4], &[2, 3, 4]).unwrap();
        assert_eq!((columns.index(23), columns.run()), (7, None));
        assert_eq!(Broadcast::new(&[3, 4], &[2, 3, 4]).unwrap().run(), Some([2, 12, 1]));
        assert_eq!(Broadcast::new(&[2, 1, 4], &[2, 1, 4]).unwrap().run(), Some([1, 8, 1]));
        assert_eq!(Broadcast::new(&[], &[2, 3]).unwrap().run(), None);
        for shape in [&[2][..], &[3, 2], &[1, 2, 3, 4]] {
            assert_eq!(Broadcast::new(shape, &[2, 3, 4]), None, "{shape:?}");
        }
    }
}
