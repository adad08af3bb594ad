use crate::catalog::Activation;
use crate::shader::Element;
use half::{bf16, f16};

/// The errors of one function in one direction and storage.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The largest error in units in the last place of the storage type; infinite for a wrong special value.
    pub worst_ulp: f64,
    /// The input of that error. For a function along an axis it is the element of x with the result's index.
    pub worst_input: f64,
    /// The bound for the error.
    pub limit_ulp: f64,
    /// The number of inputs tried.
    pub count: u64,
    /// The number of errors beyond the bound.
    pub failed: u64,
    /// The numbers of errors above 1, 2 and 4 units.
    pub above: [u64; 3],
    /// The largest absolute error near a root, where the bound is that of the largest term.
    pub worst_absolute: f64,
    /// The number of results that are NaN or infinite and must not be, or the reverse.
    pub wrong_specials: u64,
    /// The number of subnormal results that were kept.
    pub subnormals_kept: u64,
    /// The number of subnormal results that were flushed to zeros.
    pub subnormals_flushed: u64,
}

/// A 16- or 32-bit format, with what counting errors in its units needs.
pub trait Format: Element {
    /// Bits of the significand, including the implicit one.
    const DIGITS: i32;
    /// The exponent of the smallest normal number.
    const MIN_EXPONENT: i32;
    /// The exponent of the first power of two above the largest number.
    const MAX_EXPONENT: i32;
    /// Gradients to try. A power of two is exact, so that the error is that of the derivative.
    #[must_use]
    fn gradients() -> [f64; 5] {
        let most = f64::from(Self::MAX_EXPONENT - 1);
        [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| {
            let exponent = (share * most).round() as i32;
            if exponent % 2 == 0 { power_of_two(exponent) } else { -power_of_two(exponent) }
        })
    }
    /// Inputs to try, in blocks: every 16-bit value, or the edges of the function and then every `step`-th f32. A step
    /// of 0 counts as 1.
    fn inputs(activation: &Activation, step: u32) -> Box<dyn ExactSizeIterator<Item = Vec<Self>>>;
}

impl Format for f32 {
    const DIGITS: i32 = 24;
    const MIN_EXPONENT: i32 = -126;
    const MAX_EXPONENT: i32 = 128;
    fn inputs(activation: &Activation, step: u32) -> Box<dyn ExactSizeIterator<Item = Vec<f32>>> {
        let step = step.max(1);
        let edges = edges(activation, step);
        let blocks_of_edges = edges.len().div_ceil(BLOCK as usize) as u32;
        let last = u32::MAX / step;
        Box::new((0..last / BLOCK + 1 + blocks_of_edges).map(move |block| match block.checked_sub(blocks_of_edges) {
            None => edges.chunks(BLOCK as usize).nth(block as usize).unwrap_or_default().to_vec(),
            Some(block) => {
                let first = block * BLOCK;
                (first..=last.min(first + (BLOCK - 1))).map(|index| f32::from_bits(index * step)).collect()
            }
        }))
    }
}

/// The number of f32 tried at once.
const BLOCK: u32 = 1 << 21;

/// The floats tried on each side of an edge beside one in `step` of all: the more, the more of all are tried.
fn radius(step: u32) -> u32 {
    if step == 1 { 8 } else { ((1 << 22) / step).clamp(8, 1 << 16) }
}

/// The floats around every special value, and around every point where a branch, an overflow or a saturation may lie.
fn edges(activation: &Activation, step: u32) -> Vec<f32> {
    let specials = [f32::INFINITY, f32::NAN, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1), 0.0, 1e38];
    let places =
        [0.25, 0.4, 0.5, 0.6, 1.0, 8.0, 9.0, 14.4, 15.0, 17.0, 18.0, 20.0, 87.3, 88.7, 103.9, 104.0, 200.0, 4096.0];
    // Inputs where errors were found: products of flushed parts in the derivative of squareplus and in sinc, and a
    // product rounded too early in celu's gradient by alpha.
    let found = [1.481_271_1e16, 1.015_148_4e32, 0.334_416_33, 1.491_156_7];
    let kinks = activation.kinks().into_iter().map(|kink| kink as f32);
    let radius = radius(step);
    let around = |place: f32| {
        let first = place.to_bits().wrapping_sub(radius);
        (0..=2 * radius).map(move |i| f32::from_bits(first.wrapping_add(i)))
    };
    specials
        .into_iter()
        .chain(places)
        .chain(found)
        .chain(kinks)
        .flat_map(|place| around(place).chain(around(-place)))
        .collect()
}

impl Format for f16 {
    const DIGITS: i32 = 11;
    const MIN_EXPONENT: i32 = -14;
    const MAX_EXPONENT: i32 = 16;
    fn inputs(_: &Activation, _: u32) -> Box<dyn ExactSizeIterator<Item = Vec<f16>>> {
        Box::new(std::iter::once((0..=u16::MAX).map(f16::from_bits).collect()))
    }
}

impl Format for bf16 {
    const DIGITS: i32 = 8;
    const MIN_EXPONENT: i32 = -126;
    const MAX_EXPONENT: i32 = 128;
    fn inputs(_: &Activation, _: u32) -> Box<dyn ExactSizeIterator<Item = Vec<bf16>>> {
        Box::new(std::iter::once((0..=u16::MAX).map(bf16::from_bits).collect()))
    }
}

/// 2^exponent, a normal number. It is set by bits, because every error needs it.
pub(super) fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The unit in the last place of a value of this format.
fn unit<T: Format>(value: f64) -> f64 {
    let exponent = (value.abs().to_bits() >> 52) as i32 - 1023;
    power_of_two(exponent.clamp(T::MIN_EXPONENT, T::MAX_EXPONENT - 1) - (T::DIGITS - 1))
}

/// Replaces an infinity by the first power of two above the largest number.
fn bounded<T: Format>(value: f64) -> f64 {
    let end = power_of_two(T::MAX_EXPONENT);
    value.clamp(-end, end)
}

/// The error of `result` in units of its format; `expected` is the exact value. A value that rounds to 0 must give 0.
pub(super) fn distance<T: Format>(result: f64, expected: f64) -> f64 {
    if result.is_nan() || expected.is_nan() {
        return if result.is_nan() && expected.is_nan() { 0.0 } else { f64::INFINITY };
    }
    // Adapters may flush a subnormal f32. bf16 has the same exponents; f16 is packed by integers.
    if result == 0.0 && expected.abs() <= power_of_two(-126) {
        return 0.0;
    }
    if result != 0.0 && expected.abs() < 0.45 * unit::<T>(0.0) {
        return f64::INFINITY;
    }
    // Infinity is right for an infinite value and for a value that rounds to infinity.
    if expected.is_infinite() {
        return if result == expected { 0.0 } else { f64::INFINITY };
    }
    (bounded::<T>(result) - bounded::<T>(expected)).abs() / unit::<T>(bounded::<T>(expected))
}

/// The bound in units of `T`, for a bound in units of f32. In 16 bits it is half a unit for the rounding. Where the f32
/// is not exact, a hundredth of a unit is added for the arithmetic, which is made for 16 bits. A formula has no bound.
pub(super) fn limit<T: Format>(f32_limit: f64) -> f64 {
    match T::DIGITS {
        _ if f32_limit == f64::INFINITY => f64::INFINITY,
        24 => f32_limit,
        _ if f32_limit == 0.0 => 0.5,
        _ => 0.51,
    }
}

impl Report {
    pub(super) fn new(limit_ulp: f64) -> Report {
        Report { limit_ulp, ..Report::default() }
    }

    /// Replaces the recorded bound if it is certain that no error exceeds the new one.
    pub(super) fn hold_to(&mut self, limit_ulp: f64) {
        if self.worst_ulp <= limit_ulp {
            (self.limit_ulp, self.failed) = (limit_ulp, 0);
        }
    }

    pub(super) fn note(&mut self, error: f64, input: f64) {
        self.count += 1;
        self.failed += u64::from(error > self.limit_ulp);
        if error > 1.0 {
            for (above, units) in self.above.iter_mut().zip([1.0, 2.0, 4.0]) {
                *above += u64::from(error > units);
            }
            self.wrong_specials += u64::from(error == f64::INFINITY);
        }
        if error > self.worst_ulp {
            (self.worst_ulp, self.worst_input) = (error, input);
        }
    }

    pub(super) fn merge(&mut self, other: &Report) {
        if other.worst_ulp > self.worst_ulp {
            (self.worst_ulp, self.worst_input) = (other.worst_ulp, other.worst_input);
        }
        self.count += other.count;
        self.failed += other.failed;
        for (above, more) in self.above.iter_mut().zip(other.above) {
            *above += more;
        }
        self.worst_absolute = self.worst_absolute.max(other.worst_absolute);
        self.wrong_specials += other.wrong_specials;
        self.subnormals_kept += other.subnormals_kept;
        self.subnormals_flushed += other.subnormals_flushed;
    }
}
