//! The f64 reference of functions along an axis, row by row as their formulas say.

use super::random::{gumbel_number, uniform_number};
use crate::{Activation, Axis, AxisFunction, Error, Gate, Layout};

/// Indices of the elements of every row, in the order of the rows.
fn rows(axis: &Axis) -> impl Iterator<Item = Vec<usize>> {
    let (length, inner) = (axis.length(), axis.inner());
    let row = move |outer: usize, place: usize| (0..length).map(|n| (outer * length + n) * inner + place).collect();
    (0..axis.outer()).flat_map(move |outer| (0..inner).map(move |place| row(outer, place)))
}

/// A row's scores, −∞ where they count for nothing.
fn scores(function: &AxisFunction, x: &[f64], kept: &[bool], numbers: &[usize]) -> Vec<f64> {
    let score = |(index, &x): (usize, &f64)| match *function {
        _ if !kept[index] => f64::NEG_INFINITY,
        AxisFunction::Softmax { temperature } | AxisFunction::LogSoftmax { temperature } => x / f64::from(temperature),
        AxisFunction::Softmin { temperature } => -x / f64::from(temperature),
        AxisFunction::GumbelSoftmax { tau, seed, .. } => {
            (x + f64::from(gumbel_number(numbers[index] as u32, seed))) / f64::from(tau)
        }
        _ => x,
    };
    x.iter().enumerate().map(score).collect()
}

/// The shares of a whole, zeros for a row of nothing.
fn shares(function: &AxisFunction, scores: &[f64]) -> Vec<f64> {
    let quiet = matches!(function, AxisFunction::QuietSoftmax {});
    let peak = scores.iter().copied().fold(if quiet { 0.0 } else { f64::NEG_INFINITY }, f64::max);
    if peak == f64::NEG_INFINITY {
        return vec![0.0; scores.len()];
    }
    let rest = if quiet { (-peak).exp() } else { 0.0 };
    let sum: f64 = scores.iter().map(|score| (score - peak).exp()).sum::<f64>() + rest;
    scores.iter().map(|score| (score - peak).exp() / sum).collect()
}

/// ln Σ exp, −∞ for a row of nothing.
fn logarithm_of_sum(scores: &[f64]) -> f64 {
    let peak = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if peak.is_infinite() {
        return peak;
    }
    // Without the first peak, so that what the others add to it is not lost.
    let first = scores.iter().position(|&score| score == peak);
    let others = scores.iter().enumerate().filter(|(index, _)| Some(*index) != first);
    peak + others.map(|(_, score)| (score - peak).exp()).sum::<f64>().ln_1p()
}

fn first_maximum(x: &[f64]) -> usize {
    (0..x.len()).fold(0, |best, index| if x[index] > x[best] { index } else { best })
}

/// How far each entry lies above the simplex, x − τ of sparsemax, by sorting. Entries and τ are counted from the peak,
/// because beside a large one τ loses its digits.
fn excesses(x: &[f64]) -> Vec<f64> {
    let peak = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let distances: Vec<f64> = x.iter().map(|x| x - peak).collect();
    let mut sorted = distances.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let mut sum = 0.0;
    let mut tau = -1.0;
    for (index, value) in sorted.iter().enumerate() {
        sum += value;
        let candidate = (sum - 1.0) / (index + 1) as f64;
        if *value <= candidate {
            break;
        }
        tau = candidate;
    }
    distances.iter().map(|distance| distance - tau).collect()
}

/// The first piece of a group with its maximum, none where one is NaN.
fn largest_piece(pieces: usize, at: impl Fn(usize) -> f64) -> Option<usize> {
    let group: Vec<f64> = (0..pieces).map(at).collect();
    (!group.iter().any(|x| x.is_nan())).then(|| first_maximum(&group))
}

fn one_hot(length: usize, at: usize) -> Vec<f64> {
    (0..length).map(|index| f64::from(u8::from(index == at))).collect()
}

impl AxisFunction {
    /// The reference: y in f64, from x in C order. The mask leaves out the elements where it is false.
    ///
    /// # Errors
    /// Those of [`AxisFunction::output_shape`]; [`Error::LengthMismatch`], [`Error::NotMaskable`].
    pub fn forward(&self, axis: &Axis, mask: Option<&[bool]>, x: &[f64]) -> Result<Vec<f64>, Error> {
        let output = self.checked(axis, mask, x, None)?;
        if matches!(self, AxisFunction::Gated { .. } | AxisFunction::Maxout { .. } | AxisFunction::Crelu {}) {
            return Ok(self.forward_grouped(axis, x, output));
        }
        let mut y = vec![0.0; output];
        for (row, indices) in rows(axis).enumerate() {
            let (values, kept) = gather(&indices, x, mask);
            let result = self.forward_row(&values, &kept, &indices);
            match result.as_slice() {
                [one] if output != x.len() || axis.length() == 1 => y[row] = *one,
                many => indices.iter().zip(many).for_each(|(&index, &value)| y[index] = value),
            }
        }
        Ok(y)
    }

    /// The reference: dx in f64, from x and dy.
    ///
    /// # Errors
    /// As [`AxisFunction::forward`].
    pub fn backward(&self, axis: &Axis, mask: Option<&[bool]>, x: &[f64], dy: &[f64]) -> Result<Vec<f64>, Error> {
        self.checked(axis, mask, x, Some(dy))?;
        if matches!(self, AxisFunction::Gated { .. } | AxisFunction::Maxout { .. } | AxisFunction::Crelu {}) {
            return Ok(self.backward_grouped(axis, x, dy));
        }
        let mut dx = vec![0.0; x.len()];
        for (row, indices) in rows(axis).enumerate() {
            let (values, kept) = gather(&indices, x, mask);
            let reduces = matches!(self, AxisFunction::LogSumExp {} | AxisFunction::LogMeanExp {});
            let gradients: Vec<f64> = indices.iter().map(|&index| dy[if reduces { row } else { index }]).collect();
            let result = self.backward_row(&values, &kept, &indices, &gradients);
            indices.iter().zip(result).for_each(|(&index, value)| dx[index] = value);
        }
        Ok(dx)
    }

    fn checked(&self, axis: &Axis, mask: Option<&[bool]>, x: &[f64], dy: Option<&[f64]>) -> Result<usize, Error> {
        let output = self.output_shape(axis)?.iter().product();
        if mask.is_some() && !self.takes_mask() {
            return Err(Error::NotMaskable { function: self.name() });
        }
        let lengths = [("x", Some(x.len()), axis.elements()), ("dy", dy.map(<[f64]>::len), output)];
        let mask = ("mask", mask.map(<[bool]>::len), axis.elements());
        for (left, length, expected) in lengths.into_iter().chain([mask]) {
            if let Some(length) = length.filter(|&length| length != expected) {
                return Err(crate::context::mismatch(left, length, "the shape", expected));
            }
        }
        Ok(output)
    }

    fn forward_row(&self, x: &[f64], kept: &[bool], numbers: &[usize]) -> Vec<f64> {
        let reduces = matches!(self, AxisFunction::LogSumExp {} | AxisFunction::LogMeanExp {});
        if x.iter().zip(kept).any(|(x, &kept)| kept && x.is_nan()) {
            return vec![f64::NAN; if reduces { 1 } else { x.len() }];
        }
        let scores = scores(self, x, kept, numbers);
        let undefined = scores.contains(&f64::INFINITY);
        match self {
            AxisFunction::LogSumExp {} => vec![logarithm_of_sum(&scores)],
            AxisFunction::LogMeanExp {} => {
                let sum = logarithm_of_sum(&scores);
                let count = x.len() as f64;
                // Of no entries it is the logarithm of 0/0.
                vec![if sum.is_finite() || count == 0.0 { sum - count.ln() } else { sum }]
            }
            AxisFunction::Hardmax {} => one_hot(x.len(), first_maximum(&scores)),
            _ if undefined => vec![f64::NAN; x.len()],
            AxisFunction::GumbelSoftmax { hard: true, .. } => one_hot(x.len(), first_maximum(&scores)),
            AxisFunction::LogSoftmax { .. } => {
                let whole = logarithm_of_sum(&scores);
                let peak = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let level = if whole.is_finite() { peak } else { 0.0 };
                let rest = logarithm_of_sum(&scores.iter().map(|score| score - level).collect::<Vec<_>>());
                scores.iter().map(|s| if *s == f64::NEG_INFINITY { *s } else { (s - level) - rest }).collect()
            }
            AxisFunction::Sparsemax {} if scores.iter().all(|score| *score == f64::NEG_INFINITY) => vec![0.0; x.len()],
            AxisFunction::Sparsemax {} => excesses(&scores).iter().map(|excess| excess.max(0.0)).collect(),
            _ => shares(self, &scores),
        }
    }

    fn backward_row(&self, x: &[f64], kept: &[bool], numbers: &[usize], dy: &[f64]) -> Vec<f64> {
        let scores = scores(self, x, kept, numbers);
        let invalid = x.iter().zip(kept).any(|(x, &kept)| kept && x.is_nan());
        if invalid || scores.contains(&f64::INFINITY) && !matches!(self, AxisFunction::Hardmax {}) {
            return vec![f64::NAN; x.len()];
        }
        if scores.iter().all(|score| *score == f64::NEG_INFINITY) {
            return vec![0.0; x.len()];
        }
        let shares = shares(self, &scores);
        let of_kept = |values: &dyn Fn(usize) -> f64| (0..x.len()).filter(|&n| kept[n]).map(values).sum::<f64>();
        let mean = of_kept(&|n| shares[n] * dy[n]);
        let sum = of_kept(&|n| dy[n]);
        let at = |n: usize| match *self {
            _ if !kept[n] => 0.0,
            AxisFunction::Hardmax {} => 0.0,
            AxisFunction::LogSumExp {} | AxisFunction::LogMeanExp {} => shares[n] * dy[n],
            AxisFunction::Softmax { temperature } => shares[n] * (dy[n] - mean) / f64::from(temperature),
            AxisFunction::Softmin { temperature } => -shares[n] * (dy[n] - mean) / f64::from(temperature),
            AxisFunction::GumbelSoftmax { tau, .. } => shares[n] * (dy[n] - mean) / f64::from(tau),
            AxisFunction::LogSoftmax { temperature } => (dy[n] - shares[n] * sum) / f64::from(temperature),
            _ => shares[n] * (dy[n] - mean),
        };
        if let AxisFunction::Sparsemax {} = self {
            let excesses = excesses(&scores);
            let supported: Vec<usize> = (0..x.len()).filter(|&n| excesses[n] > 0.0).collect();
            let mean = supported.iter().map(|&n| dy[n]).sum::<f64>() / supported.len() as f64;
            return (0..x.len()).map(|n| if excesses[n] > 0.0 { dy[n] - mean } else { 0.0 }).collect();
        }
        (0..x.len()).map(at).collect()
    }

    /// (rows, pieces, length of a piece) of the array whose groups the function works on.
    fn groups(&self, axis: &Axis) -> (usize, usize, usize) {
        let (outer, length, inner) = (axis.outer(), axis.length(), axis.inner());
        match *self {
            AxisFunction::Gated { layout: Layout::Interleaved, .. } => (outer * (length / 2), 2, inner),
            AxisFunction::Gated { .. } => (outer, 2, length / 2 * inner),
            AxisFunction::Maxout { pieces } => (outer * (length / pieces), pieces, inner),
            _ => (outer, 2, length * inner),
        }
    }

    fn forward_grouped(&self, axis: &Axis, x: &[f64], output: usize) -> Vec<f64> {
        let (rows, pieces, length) = self.groups(axis);
        let mut y = Vec::with_capacity(output);
        for row in 0..rows {
            let at = |piece: usize, place: usize| x[(row * pieces + piece) * length + place];
            match *self {
                AxisFunction::Gated { activation, gate, .. } => {
                    let (value, gate) = if gate == Gate::First { (1, 0) } else { (0, 1) };
                    y.extend((0..length).map(|place| at(value, place) * activation.forward(at(gate, place))));
                }
                AxisFunction::Maxout { .. } => y.extend((0..length).map(|place| {
                    let largest = largest_piece(pieces, |piece| at(piece, place));
                    largest.map_or(f64::NAN, |piece| at(piece, place))
                })),
                _ => {
                    let x = &x[row * length..(row + 1) * length];
                    y.extend(x.iter().map(|&x| if x.is_nan() { x } else { x.max(0.0) }));
                    y.extend(x.iter().map(|&x| if x.is_nan() { x } else { (-x).max(0.0) }));
                }
            }
        }
        y
    }

    fn backward_grouped(&self, axis: &Axis, x: &[f64], dy: &[f64]) -> Vec<f64> {
        let (rows, pieces, length) = self.groups(axis);
        let mut dx = Vec::with_capacity(x.len());
        for row in 0..rows {
            let at = |piece: usize, place: usize| x[(row * pieces + piece) * length + place];
            match *self {
                AxisFunction::Gated { activation, gate, .. } => {
                    let (value, gate) = if gate == Gate::First { (1, 0) } else { (0, 1) };
                    for piece in 0..2 {
                        dx.extend((0..length).map(|place| {
                            let dy = dy[row * length + place];
                            match piece == value {
                                true => dy * activation.forward(at(gate, place)),
                                false => dy * at(value, place) * activation.derivative(at(gate, place)),
                            }
                        }));
                    }
                }
                AxisFunction::Maxout { .. } => {
                    let largest: Vec<Option<usize>> =
                        (0..length).map(|place| largest_piece(pieces, |piece| at(piece, place))).collect();
                    for piece in 0..pieces {
                        dx.extend(largest.iter().enumerate().map(|(place, largest)| match largest {
                            None => f64::NAN,
                            Some(largest) if *largest == piece => dy[row * length + place],
                            Some(_) => 0.0,
                        }));
                    }
                }
                _ => {
                    let dy = &dy[2 * row * length..];
                    dx.extend((0..length).map(|place| match x[row * length + place] {
                        x if x > 0.0 => dy[place],
                        x if x < 0.0 => -dy[length + place],
                        x => x * 0.0,
                    }));
                }
            }
        }
        dx
    }
}

fn gather(indices: &[usize], x: &[f64], mask: Option<&[bool]>) -> (Vec<f64>, Vec<bool>) {
    let values = indices.iter().map(|&index| x[index]).collect();
    (values, indices.iter().map(|&index| mask.is_none_or(|mask| mask[index])).collect())
}

impl Activation {
    /// The reference of [`Parameters::seed`](crate::Parameters::seed): this rrelu as it is in training for the element of
    /// that number, its slope the one drawn. Other functions stay as they are.
    pub fn drawn(self, seed: u64, number: u64) -> Activation {
        let Activation::Rrelu { lower, upper } = self else { return self };
        let (least, most) = (f64::from(lower), f64::from(upper));
        let slope = (least + (most - least) * f64::from(uniform_number(number, seed))) as f32;
        Activation::Rrelu { lower: slope, upper: slope }
    }
}
