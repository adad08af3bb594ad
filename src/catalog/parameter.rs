use std::fmt;

/// A parameter of a function, as declared in the table.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ParameterInfo {
    /// The name, in `snake_case`.
    pub name: &'static str,
    /// The value if none is given.
    pub default: Value,
    /// The values that it may take.
    pub range: Range,
    /// Whether its gradient is defined and its values may come from a buffer.
    pub learnable: bool,
}

impl ParameterInfo {
    pub(crate) const fn new(name: &'static str, default: Value, range: Range) -> ParameterInfo {
        ParameterInfo { name, default, range, learnable: false }
    }
}

pub(crate) const fn constant(name: &'static str, default: f32, range: Range) -> ParameterInfo {
    ParameterInfo::new(name, Value::Number(default), range)
}

pub(crate) const fn learnable(name: &'static str, default: f32, range: Range) -> ParameterInfo {
    ParameterInfo { learnable: true, ..constant(name, default, range) }
}

/// The default value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A real number.
    Number(f32),
    /// A count or a seed.
    Integer(u64),
    /// True or false.
    Flag(bool),
    /// A word from a list, or the name of a function.
    Word(&'static str),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(f),
            Value::Integer(integer) => integer.fmt(f),
            Value::Flag(flag) => flag.fmt(f),
            Value::Word(word) => f.write_str(word),
        }
    }
}

/// The values that a parameter may take. NaN is never among them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Range {
    /// Any finite number.
    Finite,
    /// Finite or −∞.
    FiniteOrBelow,
    /// Finite and above 0.
    AboveZero,
    /// Finite, above 0 and normal, because adapters may take subnormal numbers for 0.
    Positive,
    /// Finite and at least 0.
    NonNegative,
    /// Finite, not 0 and normal, because adapters may take subnormal numbers for 0.
    NonZero,
    /// Finite and at least the value of another parameter of the same function.
    AtLeast(&'static str),
    /// At least the value of another parameter of the same function, infinity included.
    AtLeastOrInfinite(&'static str),
    /// At least 0, infinity included.
    NonNegativeOrInfinite,
    /// An integer, from the first to the second.
    Integer(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The name of an elementwise function.
    Function,
}

impl Range {
    /// Returns the smallest and the largest value of a numeric range. `value_of` gives the other parameters. Both
    /// bounds are valid, except 0 in [`Range::AboveZero`]. [`Range::NonZero`] excludes some values in between.
    pub fn bounds(&self, value_of: impl Fn(&str) -> f32) -> Option<(f64, f64)> {
        let (least, most) = match *self {
            Range::Finite | Range::NonZero => (f32::MIN, f32::MAX),
            Range::FiniteOrBelow => (f32::NEG_INFINITY, f32::MAX),
            Range::Positive => (f32::MIN_POSITIVE, f32::MAX),
            Range::AboveZero | Range::NonNegative => (0.0, f32::MAX),
            Range::AtLeast(other) => (value_of(other), f32::MAX),
            Range::AtLeastOrInfinite(other) => (value_of(other), f32::INFINITY),
            Range::NonNegativeOrInfinite => (0.0, f32::INFINITY),
            Range::Integer(least, most) => return Some((least as f64, most as f64)),
            Range::Choice(_) | Range::Function => return None,
        };
        Some((least.into(), most.into()))
    }

    /// Checks whether a parameter may have this value. `value_of` gives the other parameters.
    pub(crate) fn contains(&self, value: f32, value_of: impl Fn(&str) -> f32) -> bool {
        let within = self.bounds(value_of).is_some_and(|(least, most)| (least..=most).contains(&value.into()));
        within
            && match self {
                Range::NonZero => value.is_normal(),
                Range::AboveZero => value > 0.0,
                _ => true,
            }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Range::Finite => f.write_str("finite"),
            Range::FiniteOrBelow => f.write_str("finite or -inf"),
            Range::AboveZero => f.write_str("finite and above 0"),
            Range::Positive => f.write_str("finite and at least 2^-126"),
            Range::NonNegative => f.write_str("finite and at least 0"),
            Range::NonZero => f.write_str("finite and at least 2^-126 in size"),
            Range::AtLeast(other) => write!(f, "finite and at least {other}"),
            Range::AtLeastOrInfinite(other) => write!(f, "at least {other}, or inf"),
            Range::NonNegativeOrInfinite => f.write_str("at least 0, or inf"),
            Range::Integer(least, u64::MAX) => write!(f, "an integer from {least} to 2^64 - 1"),
            Range::Integer(least, most) => write!(f, "an integer from {least} to {most}"),
            Range::Choice(words) => f.write_str(&words.join(" or ")),
            Range::Function => f.write_str("an elementwise function"),
        }
    }
}
