use crate::error::Error;
use std::fmt;
use std::str::FromStr;

/// How exact f32 results are, and with that how much arithmetic they cost.
///
/// Tails, infinities, NaN, kinks and signs are the same at each level. Results in f16 and bf16 do not depend on it: their
/// kernels compute just exactly enough for the rounding to 16 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Accuracy {
    /// Within [`Activation::limits`](crate::Activation::limits), which is about one unit in the last place.
    #[default]
    Highest,
    /// Within [`Activation::fast_limits`](crate::Activation::fast_limits): at most 4 units in the last place, or 8 in
    /// derivatives of several terms; some need a little more.
    Fast,
}

impl Accuracy {
    /// Every level, the most exact first.
    pub const ALL: [Accuracy; 2] = [Accuracy::Highest, Accuracy::Fast];

    /// The name, `highest` or `fast`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Accuracy::Highest => "highest",
            Accuracy::Fast => "fast",
        }
    }
}

impl fmt::Display for Accuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Accuracy {
    type Err = Error;

    /// Reads a name, whatever its case.
    fn from_str(name: &str) -> Result<Accuracy, Error> {
        let known = Accuracy::ALL.into_iter().find(|accuracy| accuracy.name().eq_ignore_ascii_case(name));
        known.ok_or_else(|| Error::UnknownAccuracy { name: name.to_owned() })
    }
}
