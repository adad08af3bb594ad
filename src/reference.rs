//! The parts of the f64 reference that are no one-line formula.

/// e^(min(x, 0)) / (1 + e^(-|x|)), the logistic function without overflow at either end.
pub(crate) fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

pub(crate) fn sigmoid_derivative(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    e / ((1.0 + e) * (1.0 + e))
}

/// rate·x with the convention that 0·∞ is 0.
pub(crate) fn product(rate: f64, x: f64) -> f64 {
    if rate == 0.0 { 0.0 } else { rate * x }
}

/// x·σ(βx), whose factors are ∞·0 at one end.
pub(crate) fn swish(beta: f64, x: f64) -> f64 {
    let z = product(beta, x);
    if z == f64::NEG_INFINITY { 0.0 } else { x * sigmoid(z) }
}

/// d/dz of z·σ(z).
pub(crate) fn swish_derivative(z: f64) -> f64 {
    let z = z.clamp(-800.0, 800.0);
    let e = (-z.abs()).exp();
    let d = (1.0 + e) * (1.0 + e);
    if z < 0.0 { e * (1.0 + e + z) / d } else { (1.0 + e + z * e) / d }
}

pub(crate) fn softplus(beta: f64, x: f64) -> f64 {
    x.max(0.0) + (-(beta * x).abs()).exp().ln_1p() / beta
}

/// Φ, the standard normal distribution function.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

pub(crate) fn gelu(x: f64) -> f64 {
    if x == f64::NEG_INFINITY { 0.0 } else { x * normal_cdf(x) }
}

pub(crate) fn gelu_derivative(x: f64) -> f64 {
    let x = x.clamp(-40.0, 40.0);
    let density = (-0.5 * x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2 * 0.5;
    normal_cdf(x) + x * density
}
