//! The f64 reference of functions along an axis, computed row by row from their formulas.

use crate::catalog::{Activation, AlongLengths, Axis, AxisFunction, Function, Gate, GateLimits, Groups};
use crate::error::{Error, check_lengths};
use crate::reference::random::{gumbel_number, uniform_number};

/// The kind of computation.
enum Oracle {
    /// From the scores of a row.
    Row { score: Score, result: RowResult },
    /// From the entries of a group.
    Group(GroupOracle),
}

enum GroupOracle {
    /// From an entry that goes through an activation and one that multiplies the result. `gate` tells which comes
    /// first.
    Gated { activation: Function, gate: Gate, limits: GateLimits, of: OfGate },
    /// The largest entry of a group.
    Maximum,
    /// Both parts of an entry.
    Parts,
}

/// What a gated unit takes of its activation.
struct OfGate {
    forward: fn(&Activation, f64) -> f64,
    derivative: fn(&Activation, f64) -> f64,
}

/// The score of an entry in its row: (x + noise)/divisor.
struct Score {
    divisor: f64,
    /// The seed of the noise.
    seed: Option<u64>,
}

impl Score {
    const PLAIN: Score = Score { divisor: 1.0, seed: None };

    fn over(divisor: f32) -> Score {
        Score { divisor: divisor.into(), seed: None }
    }

    fn at(&self, x: f64, index: usize) -> f64 {
        let noise = self.seed.map_or(0.0, |seed| f64::from(gumbel_number(index as u32, seed)));
        (x + noise) / self.divisor
    }
}

/// The results from the scores of a row.
#[derive(Clone, Copy)]
enum RowResult {
    /// The shares of exponentials. With a remainder, an additional entry of 0 takes a share, too.
    Shares { remainder: bool },
    /// 1 for the largest, with the gradient of the shares.
    HardShares,
    /// The logarithms of the shares.
    LogShares,
    /// 1 for the largest, with no gradient.
    Largest,
    /// max(score/(power·T) − τ, 0) to that power, 1 or 2, such that the row sums to 1. The scores are those of temperature 1: a
    /// quotient of each would be rounded, and an entry at the threshold might leave it.
    Projection { temperature: f64, power: i32 },
    /// The temperature times the logarithm of the sum, or of the mean, of exponentials.
    Logarithm { temperature: f64, is_mean: bool },
}

fn oracle(function: &AxisFunction) -> Oracle {
    let row = |score, result| Oracle::Row { score, result };
    let shares = RowResult::Shares { remainder: false };
    match *function {
        AxisFunction::Softmax { temperature } => row(Score::over(temperature), shares),
        AxisFunction::Softmin { temperature } => row(Score::over(-temperature), shares),
        AxisFunction::LogSoftmax { temperature } => row(Score::over(temperature), RowResult::LogShares),
        AxisFunction::QuietSoftmax { temperature } => {
            row(Score::over(temperature), RowResult::Shares { remainder: true })
        }
        AxisFunction::GumbelSoftmax { tau, hard, seed } => {
            let score = Score { divisor: tau.into(), seed: Some(seed) };
            row(score, if hard { RowResult::HardShares } else { shares })
        }
        AxisFunction::Hardmax { .. } => row(Score::PLAIN, RowResult::Largest),
        AxisFunction::Sparsemax { temperature } => {
            row(Score::PLAIN, RowResult::Projection { temperature: temperature.into(), power: 1 })
        }
        AxisFunction::Entmax15 { temperature } => {
            row(Score::PLAIN, RowResult::Projection { temperature: temperature.into(), power: 2 })
        }
        AxisFunction::LogSumExp { temperature } => {
            row(Score::over(temperature), RowResult::Logarithm { temperature: temperature.into(), is_mean: false })
        }
        AxisFunction::LogMeanExp { temperature } => {
            row(Score::over(temperature), RowResult::Logarithm { temperature: temperature.into(), is_mean: true })
        }
        AxisFunction::Gated { ref activation, gate, .. } => {
            let of = OfGate { forward: Activation::forward, derivative: Activation::derivative };
            let limits = function.gate_limits();
            Oracle::Group(GroupOracle::Gated { activation: (**activation).clone(), gate, limits, of })
        }
        AxisFunction::Maxout { .. } => Oracle::Group(GroupOracle::Maximum),
        AxisFunction::Crelu => Oracle::Group(GroupOracle::Parts),
    }
}

/// Returns the element indices of every row, in the order of the rows.
fn rows(axis: &Axis) -> impl Iterator<Item = Vec<usize>> {
    let (length, inner) = (axis.length(), axis.inner());
    let row = move |outer: usize, place: usize| (0..length).map(|n| (outer * length + n) * inner + place).collect();
    (0..axis.outer()).flat_map(move |outer| (0..inner).map(move |place| row(outer, place)))
}

/// Returns the shares of the exponentials, or zeros for a row without entries.
fn shares_of(scores: &[f64], remainder: bool) -> Vec<f64> {
    let peak = scores.iter().copied().fold(if remainder { 0.0 } else { f64::NEG_INFINITY }, f64::max);
    if peak == f64::NEG_INFINITY {
        return vec![0.0; scores.len()];
    }
    let rest = if remainder { (-peak).exp() } else { 0.0 };
    let sum: f64 = scores.iter().map(|score| (score - peak).exp()).sum::<f64>() + rest;
    scores.iter().map(|score| (score - peak).exp() / sum).collect()
}

/// ln Σ exp; −∞ for a row without entries.
fn logarithm_of_sum(scores: &[f64]) -> f64 {
    let peak = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if peak.is_infinite() {
        return peak;
    }
    // The first peak is left out, so that what the others add to it is not lost.
    let first = scores.iter().position(|&score| score == peak);
    let others = scores.iter().enumerate().filter(|(index, _)| Some(*index) != first);
    peak + others.map(|(_, score)| (score - peak).exp()).sum::<f64>().ln_1p()
}

fn first_maximum(x: &[f64]) -> usize {
    (0..x.len()).fold(0, |best, index| if x[index] > x[best] { index } else { best })
}

/// Returns (x/power − τ)/T for each entry, by sorting, where the powers of those above 0 sum to 1. Entries and τ are relative
/// to the peak, because beside a large peak τ loses its digits.
fn excesses(x: &[f64], temperature: f64, power: i32) -> Vec<f64> {
    let peak = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let distances: Vec<f64> = x.iter().map(|x| (x - peak) / f64::from(power)).collect();
    let mut sorted = distances.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let tau = if power == 2 { threshold_of_squares(&sorted, temperature) } else { threshold(&sorted, temperature) };
    distances.iter().map(|distance| (distance - tau) / temperature).collect()
}

/// Returns τ such that the numbers above it exceed it by `total` in all. They fall from 0.
fn threshold(sorted: &[f64], total: f64) -> f64 {
    let mut sum = 0.0;
    let mut tau = -total;
    for (index, value) in sorted.iter().enumerate() {
        sum += value;
        let candidate = (sum - total) / (index + 1) as f64;
        if *value <= candidate {
            break;
        }
        tau = candidate;
    }
    tau
}

/// The same where their excesses have squares that sum to the square of `total`: from the mean of the numbers above τ, and
/// the squares of what they differ from it (Welford 1962).
fn threshold_of_squares(sorted: &[f64], total: f64) -> f64 {
    let (mut mean, mut squares, mut tau) = (0.0, 0.0, -total);
    for (index, value) in sorted.iter().enumerate() {
        if *value <= tau {
            break;
        }
        let count = (index + 1) as f64;
        let difference = value - mean;
        mean += difference / count;
        squares += difference * (value - mean);
        tau = mean - ((total * total - squares).max(0.0) / count).sqrt();
    }
    tau
}

/// Returns the first piece of a group with its maximum, or none if an entry is NaN.
fn largest_piece(pieces: usize, at: impl Fn(usize) -> f64) -> Option<usize> {
    let group: Vec<f64> = (0..pieces).map(at).collect();
    (!group.iter().any(|x| x.is_nan())).then(|| first_maximum(&group))
}

fn one_hot(length: usize, at: usize) -> Vec<f64> {
    (0..length).map(|index| f64::from(u8::from(index == at))).collect()
}

/// A row, and the scores of its entries.
struct Row {
    x: Vec<f64>,
    kept: Vec<bool>,
    /// −∞ for an entry that does not count.
    scores: Vec<f64>,
}

impl Row {
    fn of(score: &Score, indices: &[usize], x: &[f64], mask: Option<&[bool]>) -> Row {
        let (x, kept) = gather(indices, x, mask);
        let counted = x.iter().zip(&kept).zip(indices);
        let scores = counted.map(|((&x, kept), &index)| if *kept { score.at(x, index) } else { f64::NEG_INFINITY });
        let scores = scores.collect();
        Row { x, kept, scores }
    }

    fn has_nan(&self) -> bool {
        self.x.iter().zip(&self.kept).any(|(x, &kept)| kept && x.is_nan())
    }

    fn forward(&self, result: RowResult) -> Vec<f64> {
        let scores = &self.scores;
        let len = scores.len();
        let has_infinity = scores.contains(&f64::INFINITY);
        let is_empty = scores.iter().all(|score| *score == f64::NEG_INFINITY);
        match result {
            RowResult::Logarithm { .. } if self.has_nan() => vec![f64::NAN],
            _ if self.has_nan() => vec![f64::NAN; len],
            RowResult::Logarithm { temperature, is_mean } => {
                let sum = logarithm_of_sum(scores);
                let kept = self.kept.iter().filter(|kept| **kept).count();
                let count = if is_mean { kept as f64 } else { 1.0 };
                // For a mean along an axis of length 0 it is the logarithm of 0/0.
                vec![temperature * if sum.is_finite() || len == 0 { sum - count.ln() } else { sum }]
            }
            RowResult::Largest => one_hot(len, first_maximum(scores)),
            _ if has_infinity => vec![f64::NAN; len],
            RowResult::HardShares => one_hot(len, first_maximum(scores)),
            RowResult::LogShares => {
                let whole = logarithm_of_sum(scores);
                let peak = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let level = if whole.is_finite() { peak } else { 0.0 };
                let rest = logarithm_of_sum(&scores.iter().map(|score| score - level).collect::<Vec<_>>());
                scores.iter().map(|s| if *s == f64::NEG_INFINITY { *s } else { (s - level) - rest }).collect()
            }
            RowResult::Projection { .. } if is_empty => vec![0.0; len],
            RowResult::Projection { temperature, power } => {
                excesses(scores, temperature, power).iter().map(|excess| excess.max(0.0).powi(power)).collect()
            }
            RowResult::Shares { remainder } => shares_of(scores, remainder),
        }
    }

    /// The gradient by x; `divisor` is that of the scores.
    fn backward(&self, result: RowResult, divisor: f64, dy: &[f64]) -> Vec<f64> {
        let scores = &self.scores;
        let len = scores.len();
        let has_infinity = scores.contains(&f64::INFINITY);
        if self.has_nan() || has_infinity && !matches!(result, RowResult::Largest) {
            return vec![f64::NAN; len];
        }
        if scores.iter().all(|score| *score == f64::NEG_INFINITY) {
            return vec![0.0; len];
        }
        let of_kept = |values: &dyn Fn(usize) -> f64| (0..len).filter(|&n| self.kept[n]).map(values).sum::<f64>();
        let at: Box<dyn Fn(usize) -> f64> = match result {
            RowResult::Largest => Box::new(|_| 0.0),
            RowResult::Projection { temperature, power } => {
                let excesses = excesses(scores, temperature, power);
                let supported: Vec<usize> = (0..len).filter(|&n| excesses[n] > 0.0).collect();
                let weight = move |excess: f64| excess.powi(power - 1);
                let weights: f64 = supported.iter().map(|&n| weight(excesses[n])).sum();
                let mean = supported.iter().map(|&n| weight(excesses[n]) * dy[n]).sum::<f64>() / weights;
                let slope = move |n: usize, excess| weight(excess) * (dy[n] - mean) / temperature;
                Box::new(move |n| if excesses[n] > 0.0 { slope(n, excesses[n]) } else { 0.0 })
            }
            RowResult::Logarithm { .. } => {
                let shares = shares_of(scores, false);
                Box::new(move |n| shares[n] * dy[n])
            }
            RowResult::LogShares => {
                let (shares, sum) = (shares_of(scores, false), of_kept(&|n| dy[n]));
                Box::new(move |n| (dy[n] - shares[n] * sum) / divisor)
            }
            RowResult::Shares { .. } | RowResult::HardShares => {
                let shares = shares_of(scores, matches!(result, RowResult::Shares { remainder: true }));
                let mean = of_kept(&|n| shares[n] * dy[n]);
                Box::new(move |n| shares[n] * (dy[n] - mean) / divisor)
            }
        };
        (0..len).map(|n| if self.kept[n] { at(n) } else { 0.0 }).collect()
    }

    /// The gradients of the gradient, by x and by dy, for shares and their logarithms.
    fn double_backward(&self, result: RowResult, divisor: f64, dy: &[f64], v: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let len = self.scores.len();
        if self.has_nan() || self.scores.contains(&f64::INFINITY) {
            return (vec![f64::NAN; len], vec![f64::NAN; len]);
        }
        let is_logarithm = matches!(result, RowResult::LogShares);
        let shares = shares_of(&self.scores, matches!(result, RowResult::Shares { remainder: true }));
        let sum = |values: &dyn Fn(usize) -> f64| (0..len).filter(|&n| self.kept[n]).map(values).sum::<f64>();
        let mean_of_v = sum(&|n| shares[n] * v[n]);
        let is_empty = self.scores.iter().all(|score| *score == f64::NEG_INFINITY);
        let where_counted = |values: &dyn Fn(usize) -> f64| {
            (0..len).map(|n| if self.kept[n] && !is_empty { values(n) } else { 0.0 }).collect::<Vec<f64>>()
        };
        if is_logarithm {
            let sum_of_dy = sum(&|n| dy[n]);
            let dx = where_counted(&|n| -sum_of_dy * shares[n] * (v[n] - mean_of_v) / (divisor * divisor));
            return (dx, where_counted(&|n| (v[n] - mean_of_v) / divisor));
        }
        let mean_of_dy = sum(&|n| shares[n] * dy[n]);
        let rest = sum(&|n| shares[n] * dy[n] * v[n]) - mean_of_dy * mean_of_v;
        let bent = |n: usize| shares[n] * ((dy[n] - mean_of_dy) * (v[n] - mean_of_v) - rest) / (divisor * divisor);
        (where_counted(&bent), where_counted(&|n| shares[n] * (v[n] - mean_of_v) / divisor))
    }
}

impl AxisFunction {
    /// The reference: y in f64, from x in C order. The mask leaves out the elements where it is false.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// assert_eq!(softmax.forward(&Axis::last(&[1, 2])?, None, &[0.0, 0.0])?, [0.5, 0.5]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`AxisFunction::output_shape`]; [`Error::LengthMismatch`]; [`Error::NotMaskable`].
    pub fn forward(&self, axis: &Axis, mask: Option<&[bool]>, x: &[f64]) -> Result<Vec<f64>, Error> {
        let output = self.checked(axis, mask, x, None)?;
        let (score, result) = match oracle(self) {
            Oracle::Row { score, result } => (score, result),
            Oracle::Group(oracle) => return Grouped::of(self, axis, x).forward(&oracle),
        };
        let mut y = vec![0.0; output];
        for (row, indices) in rows(axis).enumerate() {
            let values = Row::of(&score, &indices, x, mask).forward(result);
            if self.reduces() {
                y[row] = values[0];
            } else {
                indices.iter().zip(values).for_each(|(&index, value)| y[index] = value);
            }
        }
        Ok(y)
    }

    /// The reference: dx in f64, from x and dy.
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let dx = softmax.backward(&Axis::last(&[1, 2])?, None, &[0.0, 0.0], &[1.0, 0.0])?;
    /// assert_eq!(dx, [0.25, -0.25]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`AxisFunction::forward`].
    pub fn backward(&self, axis: &Axis, mask: Option<&[bool]>, x: &[f64], dy: &[f64]) -> Result<Vec<f64>, Error> {
        self.checked(axis, mask, x, Some(dy))?;
        let (score, result) = match oracle(self) {
            Oracle::Row { score, result } => (score, result),
            Oracle::Group(oracle) => return Grouped::of(self, axis, x).backward(&oracle, dy),
        };
        let mut dx = vec![0.0; x.len()];
        for (row, indices) in rows(axis).enumerate() {
            let gradients: Vec<f64> =
                indices.iter().map(|&index| dy[if self.reduces() { row } else { index }]).collect();
            let values = Row::of(&score, &indices, x, mask).backward(result, score.divisor, &gradients);
            indices.iter().zip(values).for_each(|(&index, value)| dx[index] = value);
        }
        Ok(dx)
    }

    /// The reference of the gradient's own gradient: dx and ddy in f64, from x, dy and v, for the functions that
    /// [have one](AxisFunction::has_double_backward).
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let axis = Axis::last(&[1, 2])?;
    /// let (dx, ddy) = softmax.double_backward(&axis, None, &[0.0, 0.0], &[1.0, 0.0], &[4.0, 0.0])?;
    /// assert_eq!((dx, ddy), (vec![0.0, 0.0], vec![1.0, -1.0]));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoDoubleBackward`], and those of [`AxisFunction::forward`].
    pub fn double_backward(
        &self,
        axis: &Axis,
        mask: Option<&[bool]>,
        x: &[f64],
        dy: &[f64],
        v: &[f64],
    ) -> Result<(Vec<f64>, Vec<f64>), Error> {
        self.check_double_backward()?;
        self.checked(axis, mask, x, Some(dy))?;
        check_lengths("v", v.len() as u64, "x", x.len() as u64)?;
        let (score, result) = match oracle(self) {
            Oracle::Row { score, result } => (score, result),
            Oracle::Group(oracle) => return Grouped::of(self, axis, x).double_backward(&oracle, dy, v),
        };
        let (mut dx, mut ddy) = (vec![0.0; x.len()], vec![0.0; dy.len()]);
        for indices in rows(axis) {
            let [of_dy, of_v] = [dy, v].map(|values| indices.iter().map(|&index| values[index]).collect::<Vec<f64>>());
            let row = Row::of(&score, &indices, x, mask);
            let both = row.double_backward(result, score.divisor, &of_dy, &of_v);
            for (&index, (by_x, by_dy)) in indices.iter().zip(both.0.into_iter().zip(both.1)) {
                (dx[index], ddy[index]) = (by_x, by_dy);
            }
        }
        Ok((dx, ddy))
    }

    /// The reference with sinks, one for each row in C order of the other axes. See [`Sinks`](crate::Sinks).
    ///
    /// ```
    /// use gpu_activations::{Axis, AxisFunction};
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let y = softmax.forward_with_sinks(&Axis::last(&[1, 3])?, None, &[0.0], &[0.0; 3])?;
    /// assert_eq!(y, [0.25; 3]);
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSink`], [`Error::SinkMismatch`], and those of [`AxisFunction::forward`].
    pub fn forward_with_sinks(
        &self,
        axis: &Axis,
        mask: Option<&[bool]>,
        sinks: &[f64],
        x: &[f64],
    ) -> Result<Vec<f64>, Error> {
        self.checked(axis, mask, x, None)?;
        let mut y = vec![0.0; x.len()];
        self.each_row_with_its_sink(axis, mask, sinks, x, |_, indices, row, result, _| {
            let values = row.forward(result);
            indices.iter().zip(values).for_each(|(&index, value)| y[index] = value);
        })?;
        Ok(y)
    }

    /// The reference of the gradients with sinks: dx, and the gradient of each row's sink.
    ///
    /// # Errors
    /// Those of [`AxisFunction::forward_with_sinks`].
    pub fn backward_with_sinks(
        &self,
        axis: &Axis,
        mask: Option<&[bool]>,
        sinks: &[f64],
        x: &[f64],
        dy: &[f64],
    ) -> Result<(Vec<f64>, Vec<f64>), Error> {
        self.checked(axis, mask, x, Some(dy))?;
        let (mut dx, mut of_sinks) = (vec![0.0; x.len()], vec![0.0; sinks.len()]);
        self.each_row_with_its_sink(axis, mask, sinks, x, |number, indices, row, result, divisor| {
            // A sink has no result, so its dy is 0.
            let dy: Vec<f64> = indices.iter().map(|&index| dy[index]).chain([0.0]).collect();
            let values = row.backward(result, divisor, &dy);
            of_sinks[number] = values[indices.len()];
            indices.iter().zip(values).for_each(|(&index, value)| dx[index] = value);
        })?;
        Ok((dx, of_sinks))
    }

    /// Calls with the number, the indices and the entries of every row, to which its sink is added as the last.
    fn each_row_with_its_sink(
        &self,
        axis: &Axis,
        mask: Option<&[bool]>,
        sinks: &[f64],
        x: &[f64],
        mut call: impl FnMut(usize, &[usize], &Row, RowResult, f64),
    ) -> Result<(), Error> {
        let Oracle::Row { score, result } = oracle(self) else {
            return Err(Error::NoSink { function: self.name() });
        };
        if !self.takes_sink() {
            return Err(Error::NoSink { function: self.name() });
        }
        let count = axis.outer() * axis.inner();
        if sinks.len() != count {
            return Err(Error::SinkMismatch {
                given: sinks.len() as u64,
                expected: count as u64,
                sharing: "for each row",
                shape: axis.shape().to_vec(),
                axis: axis.index(),
            });
        }
        for (number, indices) in rows(axis).enumerate() {
            let mut row = Row::of(&score, &indices, x, mask);
            row.x.push(sinks[number]);
            row.kept.push(true);
            row.scores.push(sinks[number] / score.divisor);
            call(number, &indices, &row, result, score.divisor);
        }
        Ok(())
    }

    /// Returns the shares of exponentials in a gradient of the softmax family, in f64, and the divisor of scores.
    /// Returns none for other functions.
    #[cfg(feature = "verify")]
    pub(crate) fn shares(&self, axis: &Axis, mask: Option<&[bool]>, x: &[f64]) -> Option<(Vec<f64>, f64)> {
        let Oracle::Row { score, result } = oracle(self) else { return None };
        let remainder = matches!(result, RowResult::Shares { remainder: true });
        let mut shares = vec![0.0; x.len()];
        for indices in rows(axis) {
            let row = Row::of(&score, &indices, x, mask);
            let values = shares_of(&row.scores, remainder);
            indices.iter().zip(values).for_each(|(&index, share)| shares[index] = share);
        }
        Some((shares, score.divisor))
    }

    /// Returns the size of the term near a root of a gate's activation for each y, or for each dx if there is dy; 0 where
    /// there is no root.
    #[cfg(feature = "verify")]
    pub(crate) fn gate_terms(&self, axis: &Axis, x: &[f64], dy: Option<&[f64]>) -> Result<Vec<f64>, Error> {
        let grouped = Grouped::of(self, axis, x);
        let terms = match oracle(self) {
            Oracle::Group(GroupOracle::Gated { activation, gate, limits, .. }) => {
                let of = OfGate { forward: Activation::forward_term, derivative: Activation::derivative_term };
                let oracle = GroupOracle::Gated { activation, gate, limits, of };
                dy.map_or_else(|| grouped.forward(&oracle), |dy| grouped.backward(&oracle, dy))?
            }
            Oracle::Group(GroupOracle::Maximum | GroupOracle::Parts) | Oracle::Row { .. } => Vec::new(),
        };
        Ok(terms.into_iter().map(f64::abs).collect())
    }

    fn checked(&self, axis: &Axis, mask: Option<&[bool]>, x: &[f64], dy: Option<&[f64]>) -> Result<usize, Error> {
        let (dy, mask) = (dy.map(|dy| dy.len() as u64), mask.map(|mask| mask.len() as u64));
        self.check_lengths(axis, &AlongLengths { input: ("x", x.len() as u64), dy, v: None, mask, result: None })
    }
}

/// What is clipped has no gradient, not even by an infinite number.
fn zero_of(dy: f64, other: f64) -> f64 {
    if dy.is_nan() || other.is_nan() { f64::NAN } else { 0.0 }
}

/// A gate as its unit takes it.
fn limited_gate(limits: &GateLimits, gate: f64) -> f64 {
    if gate > f64::from(limits.limit) { limits.limit.into() } else { gate }
}

/// A value as its unit takes it.
fn limited_value(limits: &GateLimits, value: f64) -> f64 {
    let limit = f64::from(limits.limit);
    let within = if value.abs() > limit { limit.copysign(value) } else { value };
    within + f64::from(limits.value_addend)
}

/// An array as (rows, entries of a group, length of an entry).
struct Grouped<'a> {
    x: &'a [f64],
    rows: usize,
    inputs: usize,
    length: usize,
}

impl<'a> Grouped<'a> {
    fn of(function: &AxisFunction, axis: &Axis, x: &'a [f64]) -> Self {
        let Groups { inputs, successive, .. } = function.groups();
        let (outer, groups, inner) = (axis.outer(), axis.length() / inputs, axis.inner());
        match successive {
            true => Grouped { x, rows: outer * groups, inputs, length: inner },
            false => Grouped { x, rows: outer, inputs, length: groups * inner },
        }
    }

    fn at(&self, row: usize, entry: usize, position: usize) -> f64 {
        self.x[(row * self.inputs + entry) * self.length + position]
    }

    fn largest(&self, row: usize, position: usize) -> Option<usize> {
        largest_piece(self.inputs, |entry| self.at(row, entry, position))
    }

    fn forward(&self, oracle: &GroupOracle) -> Result<Vec<f64>, Error> {
        let mut y = Vec::new();
        for row in 0..self.rows {
            let positions = 0..self.length;
            match oracle {
                GroupOracle::Gated { activation, gate, limits, of } => {
                    let activation = activation.elementwise()?;
                    let (value, gate) = if *gate == Gate::First { (1, 0) } else { (0, 1) };
                    let at = |position| {
                        let gate = limited_gate(limits, self.at(row, gate, position));
                        limited_value(limits, self.at(row, value, position)) * (of.forward)(&activation, gate)
                    };
                    y.extend(positions.map(at));
                }
                GroupOracle::Maximum => y.extend(positions.map(|position| {
                    self.largest(row, position).map_or(f64::NAN, |entry| self.at(row, entry, position))
                })),
                GroupOracle::Parts => {
                    let part = |x: f64| if x.is_nan() { x } else { x.max(0.0) };
                    y.extend(positions.clone().map(|position| part(self.at(row, 0, position))));
                    y.extend(positions.map(|position| part(-self.at(row, 0, position))));
                }
            }
        }
        Ok(y)
    }

    fn backward(&self, oracle: &GroupOracle, dy: &[f64]) -> Result<Vec<f64>, Error> {
        let mut dx = Vec::with_capacity(self.x.len());
        for row in 0..self.rows {
            let positions = 0..self.length;
            match oracle {
                GroupOracle::Gated { activation, gate, limits, of } => {
                    let activation = activation.elementwise()?;
                    let (value, gate) = if *gate == Gate::First { (1, 0) } else { (0, 1) };
                    let limit = f64::from(limits.limit);
                    for entry in 0..2 {
                        dx.extend(positions.clone().map(|position| {
                            let dy = dy[row * self.length + position];
                            let (of_value, of_gate) = (self.at(row, value, position), self.at(row, gate, position));
                            let within = limited_gate(limits, of_gate);
                            match entry == value {
                                true if of_value.abs() > limit => zero_of(dy, within),
                                true => dy * (of.forward)(&activation, within),
                                false if of_gate > limit => zero_of(dy, of_value),
                                false => dy * limited_value(limits, of_value) * (of.derivative)(&activation, within),
                            }
                        }));
                    }
                }
                GroupOracle::Maximum => {
                    for entry in 0..self.inputs {
                        dx.extend(positions.clone().map(|position| match self.largest(row, position) {
                            None => f64::NAN,
                            Some(largest) if largest == entry => dy[row * self.length + position],
                            Some(_) => 0.0,
                        }));
                    }
                }
                GroupOracle::Parts => {
                    let dy = &dy[2 * row * self.length..];
                    dx.extend(positions.map(|position| match self.at(row, 0, position) {
                        x if x > 0.0 => dy[position],
                        x if x < 0.0 => -dy[self.length + position],
                        x => x * 0.0,
                    }));
                }
            }
        }
        Ok(dx)
    }
}

impl Grouped<'_> {
    /// The gradients of a gated unit's gradient, by x and by dy.
    fn double_backward(&self, oracle: &GroupOracle, dy: &[f64], v: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let (mut dx, mut ddy) = (vec![0.0; self.x.len()], vec![0.0; dy.len()]);
        let GroupOracle::Gated { activation, gate, limits, .. } = oracle else { return Ok((dx, ddy)) };
        let activation = activation.elementwise()?;
        let limit = f64::from(limits.limit);
        let (value, gate) = if *gate == Gate::First { (1, 0) } else { (0, 1) };
        for (row, position) in (0..self.rows).flat_map(|row| (0..self.length).map(move |position| (row, position))) {
            let [value_at, gate_at] = [value, gate].map(|entry| (row * 2 + entry) * self.length + position);
            let at = row * self.length + position;
            let (of_value, of_gate) = (limited_value(limits, self.x[value_at]), limited_gate(limits, self.x[gate_at]));
            // What a limit clips has no part in the gradient.
            let (clips_value, clips_gate) = (self.x[value_at].abs() > limit, self.x[gate_at] > limit);
            let unless = |is_clipped: bool, term: f64| if is_clipped { 0.0 } else { term };
            let slope = activation.derivative(of_gate);
            let curvature = activation.second_derivative(of_gate);
            let (v_value, v_gate) = (v[value_at], v[gate_at]);
            ddy[at] = unless(clips_value, v_value * activation.forward(of_gate))
                + unless(clips_gate, v_gate * of_value * slope);
            dx[value_at] = unless(clips_value || clips_gate, v_gate * dy[at] * slope);
            let by_slope = unless(clips_value, v_value * dy[at] * slope);
            // Without curvature there is no term, not even with an infinite value.
            let bend = if curvature == 0.0 { 0.0 } else { of_value * curvature };
            dx[gate_at] = unless(clips_gate, by_slope + v_gate * dy[at] * bend);
        }
        Ok((dx, ddy))
    }
}

fn gather(indices: &[usize], x: &[f64], mask: Option<&[bool]>) -> (Vec<f64>, Vec<bool>) {
    let values = indices.iter().map(|&index| x[index]).collect();
    (values, indices.iter().map(|&index| mask.is_none_or(|mask| mask[index])).collect())
}

impl Activation {
    /// The reference of [`ParameterBuffers::seed`](crate::ParameterBuffers::seed). Returns this rrelu with the slope
    /// drawn in training for the element of that index. Other functions stay unchanged.
    #[must_use]
    pub fn drawn(self, seed: u64, index: u64) -> Activation {
        let Activation::Rrelu { lower, upper } = self else { return self };
        let (least, most) = (f64::from(lower), f64::from(upper));
        let slope = (least + (most - least) * f64::from(uniform_number(index, seed))) as f32;
        Activation::Rrelu { lower: slope, upper: slope }
    }
}
