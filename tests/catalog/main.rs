//! The catalogue: names, text, parameters.

mod libraries;
mod names;
