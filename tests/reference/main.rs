//! The f64 reference against known values.

mod reference;
