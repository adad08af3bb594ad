//! The catalogue: names, text, parameters.

mod names;
