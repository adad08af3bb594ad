//! The parts of the f64 reference that do not fit on one line.

/// e^(min(x, 0)) / (1 + e^(-|x|)), the logistic function, without overflow at either end.
pub(crate) fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

pub(crate) fn sigmoid_derivative(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    e / ((1.0 + e) * (1.0 + e))
}

/// rate·x, where 0·∞ is 0.
pub(crate) fn product(rate: f64, x: f64) -> f64 {
    if rate == 0.0 { 0.0 } else { rate * x }
}

/// x·σ(βx). Its factors are ∞·0 at one end.
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
    // Beyond these bounds Φ is 0 or 1.
    let x = x.clamp(-40.0, 40.0);
    let t = -x * std::f64::consts::FRAC_1_SQRT_2;
    // The rounding error of −x/√2 matters, because the tail multiplies relative errors by x². The number is the f64
    // minus 1/√2.
    let rest = (-x).mul_add(std::f64::consts::FRAC_1_SQRT_2, -t) + x * 4.833_646_656_726_457e-17;
    0.5 * libm::erfc(t) - normal_density(x) * std::f64::consts::SQRT_2 * rest
}

/// Returns z = (x − mu)/sigma in f64, at most 40 in size, and its rounding error.
fn standardized(mu: f64, sigma: f64, x: f64) -> (f64, f64) {
    let z = (x - mu) / sigma;
    if z.abs() < 40.0 { (z, (-z).mul_add(sigma, x - mu) / sigma) } else { (40f64.copysign(z), 0.0) }
}

pub(crate) fn laplace(mu: f64, sigma: f64, x: f64) -> f64 {
    let (z, rest) = standardized(mu, sigma, x);
    normal_cdf(z) + normal_density(z) * rest
}

pub(crate) fn laplace_derivative(mu: f64, sigma: f64, x: f64) -> f64 {
    let (z, rest) = standardized(mu, sigma, x);
    normal_density(z) * (1.0 - z * rest) / sigma
}

/// −z·φ(z)/σ, the derivative of laplace by its deviation.
pub(crate) fn laplace_gradient(mu: f64, sigma: f64, x: f64) -> f64 {
    -((x - mu) / sigma).clamp(-40.0, 40.0) * laplace_derivative(mu, sigma, x)
}

pub(crate) fn gelu(x: f64) -> f64 {
    if x == f64::NEG_INFINITY { 0.0 } else { x * normal_cdf(x) }
}

pub(crate) fn gelu_derivative(x: f64) -> f64 {
    let x = x.clamp(-40.0, 40.0);
    normal_cdf(x) + x * normal_density(x)
}

/// λ and α of selu (Klambauer et al. 2017).
pub(crate) const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
pub(crate) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

/// Returns `term` if x is within `reach` of a root, else 0.
#[cfg(feature = "verify")]
pub(crate) fn near(x: f64, root: f64, reach: f64, term: f64) -> f64 {
    if (x - root).abs() <= reach { term } else { 0.0 }
}

/// rate·x as in the shader, which rounds the product of two f32 to f32. For other x it is exact, and so is a product that is
/// no normal f32, which adapters round differently.
pub(crate) fn rounded_product(rate: f64, x: f64) -> f64 {
    let exact = product(rate, x);
    if f64::from(x as f32) == x && exact.abs() >= f64::from(f32::MIN_POSITIVE) {
        f64::from(exact as f32)
    } else {
        exact
    }
}

/// Checks exactly whether 0 < a + b < 1, although the sum may round to 0 or 1: one of the two differences from 1 is
/// exact.
pub(crate) fn rises_within_unit(a: f64, b: f64) -> bool {
    a > -b && (a - 1.0 < -b || b - 1.0 < -a)
}

/// 1/cosh²(x).
pub(crate) fn sech_squared(x: f64) -> f64 {
    4.0 * sigmoid_derivative(2.0 * x)
}

/// (x·cosh(x) − sinh(x))/x² for u = x², and (sin(x) − x·cos(x))/x² for u = −x², with |x| ≤ 1.
fn cubic_series(x: f64, u: f64) -> f64 {
    let mut term = x / 3.0;
    (1..10).fold(term, |sum, n| {
        term *= u / f64::from(2 * n * (2 * n + 3));
        sum + term
    })
}

/// x − tanh(x), by a series where the difference would cancel.
pub(crate) fn tanh_shrink(x: f64) -> f64 {
    let u = x * x;
    if u < 1.0 { u * cubic_series(x, u) / x.cosh() } else { x - x.tanh() }
}

fn gelu_tanh_argument(x: f64) -> f64 {
    2.0 * (2.0 / std::f64::consts::PI).sqrt() * (0.044_715 * (x * x)).mul_add(x, x)
}

pub(crate) fn gelu_tanh(x: f64) -> f64 {
    if x < -100.0 { 0.0 } else { x * sigmoid(gelu_tanh_argument(x)) }
}

pub(crate) fn gelu_tanh_derivative(x: f64) -> f64 {
    let x = x.clamp(-100.0, 100.0);
    let z = gelu_tanh_argument(x);
    let slope = 2.0 * (2.0 / std::f64::consts::PI).sqrt() * (1.0 + 3.0 * 0.044_715 * x * x);
    sigmoid(z) + x * slope * sigmoid_derivative(z)
}

pub(crate) fn mish(x: f64) -> f64 {
    if x < -800.0 { 0.0 } else { x * softplus(1.0, x).tanh() }
}

pub(crate) fn mish_derivative(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let s = softplus(1.0, x);
    s.tanh() + x * sech_squared(s) * sigmoid(x)
}

/// (x + √(x² + b))/2. For x < 0 it avoids the difference.
pub(crate) fn squareplus(b: f64, x: f64) -> f64 {
    let root = x.hypot(b.sqrt());
    if x < 0.0 { b / (2.0 * (root - x)) } else { 0.5 * (x + root) }
}

/// φ, the density of the standard normal distribution.
pub(crate) fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() * 0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2
}

/// e^x − 1 − x, by its series where the difference would cancel.
pub(crate) fn exponential_remainder(x: f64) -> f64 {
    if x.abs() > 0.5 {
        return x.exp_m1() - x;
    }
    let mut term = x;
    (2..20).fold(0.0, |sum, n| {
        term *= x / f64::from(n);
        sum + term
    })
}

pub(crate) fn xielu(alpha_p: f64, alpha_n: f64, beta: f64, x: f64) -> f64 {
    if x > 0.0 {
        product(product(alpha_p, x) + beta, x)
    } else if x < -1.0 {
        // Only this order has the right limit at −∞.
        alpha_n * x.exp_m1() + product(beta - alpha_n, x)
    } else {
        alpha_n * exponential_remainder(x) + beta * x
    }
}

pub(crate) fn xielu_derivative(alpha_p: f64, alpha_n: f64, beta: f64, x: f64) -> f64 {
    if x > 0.0 {
        2.0 * product(alpha_p, x) + beta
    } else if x < -1.0 {
        alpha_n * x.exp() + (beta - alpha_n)
    } else {
        alpha_n * x.exp_m1() + beta
    }
}

/// |beta·x|, the size of both terms of xielu near its root below 0; else 0.
#[cfg(feature = "verify")]
pub(crate) fn xielu_term(alpha_n: f64, beta: f64, x: f64) -> f64 {
    let term = (beta * x).abs();
    if x < 0.0 && xielu(0.0, alpha_n, beta, x).abs() < 0.125 * term { term } else { 0.0 }
}

pub(crate) fn snake(alpha: f64, x: f64) -> f64 {
    let t = rounded_product(alpha, x);
    if t.is_infinite() { x } else { x + t.sin() * t.sin() / alpha }
}

/// 1 + sin(2t) as a square, which does not cancel.
pub(crate) fn snake_derivative(alpha: f64, x: f64) -> f64 {
    let t = rounded_product(alpha, x);
    (t.sin() + t.cos()).powi(2)
}

pub(crate) fn sinc_derivative(x: f64) -> f64 {
    let u = x * x;
    if x.is_infinite() {
        0.0
    } else if u < 1.0 {
        -cubic_series(x, -u)
    } else {
        (x * x.cos() - x.sin()) / u
    }
}

/// 1/|x|, the size of both terms of sinc′ near a root; else 0. Every half period has one root.
#[cfg(feature = "verify")]
pub(crate) fn sinc_derivative_term(x: f64) -> f64 {
    if x.abs() > 3.0 && sinc_derivative(x).abs() < 0.25 / x.abs() { 1.0 / x.abs() } else { 0.0 }
}

/// tanh(x) + x/cosh²(x).
pub(crate) fn lisht_derivative(x: f64) -> f64 {
    let c = x.clamp(-400.0, 400.0);
    x.tanh() + c * sech_squared(c)
}

pub(crate) fn log_cosh(x: f64) -> f64 {
    let a = x.abs();
    if a < 1.0 { 0.5 * (a.sinh().powi(2)).ln_1p() } else { a + (-2.0 * a).exp().ln_1p() - std::f64::consts::LN_2 }
}

/// x/√(x² + 1).
pub(crate) fn bent_identity_ratio(x: f64) -> f64 {
    if x.abs() > 1e100 { x.signum() } else { x / x.hypot(1.0) }
}

pub(crate) fn bent_identity(x: f64) -> f64 {
    let c = x.clamp(-1e100, 1e100);
    x * (1.0 + 0.5 * c / (c.hypot(1.0) + 1.0))
}

/// e^z − 1 − z·e^z, the derivative of celu by alpha below 0.
pub(crate) fn celu_gradient(z: f64) -> f64 {
    if z < -800.0 {
        -1.0
    } else if z < 1.0 {
        exponential_remainder(z) - z * z.exp_m1()
    } else {
        // Only this order has the right limit at +∞.
        (1.0 - z) * z.exp() - 1.0
    }
}

/// x²·σ(βx)·σ(−βx).
pub(crate) fn swish_gradient(beta: f64, x: f64) -> f64 {
    let z = product(beta, x);
    if z.abs() > 800.0 { 0.0 } else { x * x * sigmoid_derivative(z) }
}

/// z·σ(z) − ln(1 + e^z), an even function.
pub(crate) fn softplus_gradient(z: f64) -> f64 {
    let a = z.abs().min(800.0);
    -(a * sigmoid(-a) + (-a).exp().ln_1p())
}

/// The size of the larger term of snake's gradient where the terms cancel, in every half period; else 0.
#[cfg(feature = "verify")]
pub(crate) fn snake_gradient_term(alpha: f64, x: f64) -> f64 {
    let t = rounded_product(alpha, x);
    let s = t.sin() / alpha;
    let term = (2.0 * x * s * t.cos()).abs().max(s * s);
    // Near 0 the terms are t² and 2t², whose difference keeps its digits.
    if t.abs() > 1.0 && snake_gradient(alpha, x).abs() < 0.25 * term { term } else { 0.0 }
}

/// x·sin(2t)/α − (sin(t)/α)² for t = αx, rounded to f32.
pub(crate) fn snake_gradient(alpha: f64, x: f64) -> f64 {
    let t = rounded_product(alpha, x);
    let s = t.sin() / alpha;
    s * (2.0 * x * t.cos() - s)
}

/// tanh(z) − z/cosh²(z), the derivative of softcap by its cap.
pub(crate) fn softcap_gradient(z: f64) -> f64 {
    let c = z.clamp(-400.0, 400.0);
    c * c.tanh().powi(2) - tanh_shrink(c)
}

/// γ·tanh(αx) + β. The terms may cancel, so what tanh lacks of its limits, αx and ±1, is subtracted last.
pub(crate) fn dynamic_tanh(alpha: f64, gamma: f64, beta: f64, x: f64) -> f64 {
    let z = product(alpha, x);
    if z.abs() < 0.5 {
        return (gamma * z + beta) - gamma * tanh_shrink(z);
    }
    let limit = gamma * z.signum();
    (limit + beta) - limit * 2.0 / ((2.0 * z.abs()).exp() + 1.0)
}

/// γ·x/cosh²(αx).
pub(crate) fn dynamic_tanh_gradient(alpha: f64, gamma: f64, x: f64) -> f64 {
    let z = product(alpha, x);
    if z.abs() > 400.0 { 0.0 } else { product(gamma, x) * sech_squared(z) }
}

/// |beta| where the terms of dynamic_tanh cancel, else 0.
#[cfg(feature = "verify")]
pub(crate) fn dynamic_tanh_term(alpha: f64, gamma: f64, beta: f64, x: f64) -> f64 {
    if dynamic_tanh(alpha, gamma, beta, x).abs() < beta.abs() { beta.abs() } else { 0.0 }
}

/// |bias| where the terms of star_relu cancel, else 0.
#[cfg(feature = "verify")]
pub(crate) fn star_relu_term(scale: f64, bias: f64, x: f64) -> f64 {
    let curve = product(scale, x.max(0.0) * x.max(0.0));
    if (curve + bias).abs() < bias.abs() { bias.abs() } else { 0.0 }
}

/// Compares gelu with a bound. For x > 0 the difference x − bound is exact, and gelu is x − x·Φ(−x).
pub(crate) fn gelu_order(x: f64, bound: f64) -> std::cmp::Ordering {
    let (left, right) = if x > 0.0 && x.is_finite() { (x - bound, x * normal_cdf(-x)) } else { (gelu(x), bound) };
    left.partial_cmp(&right).unwrap_or(std::cmp::Ordering::Equal)
}

/// The x at which gelu is y, right of its minimum for a side of 1, left of it for −1; ∞ where there is none.
pub(crate) fn gelu_inverse(y: f64, side: f64) -> f64 {
    const MINIMUM: f64 = -0.751_791_524_693_564_5;
    let far = if side < 0.0 { -40.0 } else { y.max(0.0) + 1.0 };
    if !(y > gelu(MINIMUM) && y < gelu(far)) {
        return f64::INFINITY;
    }
    let (mut inside, mut outside) = (MINIMUM, far);
    for _ in 0..200 {
        let middle = 0.5 * (inside + outside);
        if gelu_order(middle, y).is_lt() {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    outside
}

/// The derivative of (e^x − 1)·σ(x) below 0, and of x·σ(x) above.
pub(crate) fn elish_derivative(x: f64) -> f64 {
    if x >= 0.0 {
        return swish_derivative(x);
    }
    let e = x.exp();
    e * (e * (2.0 + e) - 1.0) / ((1.0 + e) * (1.0 + e))
}

pub(crate) fn tanh_exp_derivative(x: f64) -> f64 {
    let x = x.clamp(-800.0, 6.0);
    let u = x.exp();
    u.tanh() + x * u * sech_squared(u)
}

pub(crate) fn serf_derivative(x: f64) -> f64 {
    let x = x.clamp(-800.0, 30.0);
    let s = softplus(1.0, x);
    libm::erf(s) + x * sigmoid(x) * std::f64::consts::FRAC_2_SQRT_PI * (-s * s).exp()
}

/// x/√(1 + αx²).
pub(crate) fn isru(alpha: f64, x: f64) -> f64 {
    if x.is_infinite() { x.signum() / alpha.sqrt() } else { x / (1.0 + alpha * x * x).sqrt() }
}

pub(crate) fn isru_derivative(alpha: f64, x: f64) -> f64 {
    let square = 1.0 + alpha * x * x;
    1.0 / (square * square.sqrt())
}

pub(crate) fn snake_beta(alpha: f64, beta: f64, x: f64) -> f64 {
    let t = rounded_product(alpha, x);
    if t.is_infinite() { x } else { x + t.sin() * t.sin() / beta }
}

/// 1 + (α/β)·sin(2t).
pub(crate) fn snake_beta_derivative(alpha: f64, beta: f64, x: f64) -> f64 {
    let t = rounded_product(alpha, x);
    1.0 + 2.0 * alpha / beta * t.sin() * t.cos()
}

/// 2x·sin(t)·cos(t)/β.
pub(crate) fn snake_beta_gradient(alpha: f64, beta: f64, x: f64) -> f64 {
    let t = rounded_product(alpha, x);
    2.0 * x * t.sin() * t.cos() / beta
}

/// |x| near a root of snake_beta away from 0, else 0.
#[cfg(feature = "verify")]
pub(crate) fn snake_beta_term(alpha: f64, beta: f64, x: f64) -> f64 {
    if snake_beta(alpha, beta, x).abs() < 0.25 * x.abs() { x.abs() } else { 0.0 }
}

/// The size of the larger term of snake_beta's derivative where the terms cancel, else 0.
#[cfg(feature = "verify")]
pub(crate) fn snake_beta_derivative_term(alpha: f64, beta: f64, x: f64) -> f64 {
    let derivative = snake_beta_derivative(alpha, beta, x);
    let term = (derivative - 1.0).abs().max(1.0);
    if derivative.abs() < term { term } else { 0.0 }
}

/// The size of the larger term of growing_cosine's derivative where the terms cancel, else 0.
#[cfg(feature = "verify")]
pub(crate) fn growing_cosine_term(x: f64) -> f64 {
    let (first, second) = (x.cos(), x * x.sin());
    if (first - second).abs() < 0.25 * first.abs() { first.abs() } else { 0.0 }
}

/// Returns `term` where a sum is less than half of it, else 0.
#[cfg(feature = "verify")]
pub(crate) fn cancelled(sum: f64, term: f64) -> f64 {
    if sum.abs() < 0.5 * term { term } else { 0.0 }
}

pub(crate) fn sigmoid_curvature(x: f64) -> f64 {
    -sigmoid_derivative(x) * (0.5 * x).tanh()
}

pub(crate) fn tanh_curvature(x: f64) -> f64 {
    -2.0 * x.tanh() * sech_squared(x)
}

/// The second derivative of z·σ(z).
pub(crate) fn swish_curvature(z: f64) -> f64 {
    let z = z.clamp(-800.0, 800.0);
    sigmoid_derivative(z) * (2.0 - z * (0.5 * z).tanh())
}

#[cfg(feature = "verify")]
pub(crate) fn swish_curvature_term(z: f64) -> f64 {
    cancelled(swish_curvature(z), 2.0 * sigmoid_derivative(z))
}

/// (2 − x²)·φ(x).
pub(crate) fn gelu_curvature(x: f64) -> f64 {
    let x = x.clamp(-40.0, 40.0);
    (2.0 - x * x) * normal_density(x)
}

pub(crate) fn gelu_tanh_curvature(x: f64) -> f64 {
    let x = x.clamp(-100.0, 100.0);
    let z = gelu_tanh_argument(x);
    let rate = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
    let slope = rate * (1.0 + 3.0 * 0.044_715 * x * x);
    sigmoid_derivative(z) * (rate * (2.0 + 12.0 * 0.044_715 * x * x) - x * slope * slope * (0.5 * z).tanh())
}

/// The size of the positive term of gelu_tanh's second derivative.
#[cfg(feature = "verify")]
pub(crate) fn gelu_tanh_curvature_term(x: f64) -> f64 {
    let x = x.clamp(-100.0, 100.0);
    let rate = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
    sigmoid_derivative(gelu_tanh_argument(x)) * rate * (2.0 + 12.0 * 0.044_715 * x * x)
}

pub(crate) fn elish_curvature(x: f64) -> f64 {
    if x > 0.0 {
        return swish_curvature(x);
    }
    let e = x.exp();
    e * (e * (e * (e + 3.0) + 5.0) - 1.0) / (1.0 + e).powi(3)
}

#[cfg(feature = "verify")]
pub(crate) fn elish_curvature_term(x: f64) -> f64 {
    if x > 0.0 { swish_curvature_term(x) } else { cancelled(elish_curvature(x), x.exp() / (1.0 + x.exp()).powi(3)) }
}

pub(crate) fn tanh_exp_curvature(x: f64) -> f64 {
    let x = x.clamp(-800.0, 6.0);
    let u = x.exp();
    u * sech_squared(u) * (2.0 + x * (1.0 - 2.0 * u * u.tanh()))
}

/// 2/√π·e^(−s²)·σ(x) for s = ln(1 + e^x). Above 0, s is x + ln(1 + e^−x), and the square of x is exact.
fn serf_density(x: f64) -> f64 {
    let rest = (-x.abs()).exp().ln_1p();
    let power = if x > 0.0 { (-x * x).exp() * (-(2.0 * x + rest) * rest).exp() } else { (-rest * rest).exp() };
    std::f64::consts::FRAC_2_SQRT_PI * power * sigmoid(x)
}

pub(crate) fn serf_curvature(x: f64) -> f64 {
    let x = x.clamp(-800.0, 30.0);
    serf_density(x) * (2.0 + x * (sigmoid(-x) - 2.0 * softplus(1.0, x) * sigmoid(x)))
}

#[cfg(feature = "verify")]
pub(crate) fn serf_curvature_term(x: f64) -> f64 {
    2.0 * serf_density(x.clamp(-800.0, 30.0))
}

/// 4e·(4 + 2x + (8 + 2x)·e + (6 − 3x)·e² + (2 − 2x)·e³)/(e² + 2e + 2)³ for e = e^x; above 0 in e^−x.
pub(crate) fn mish_curvature(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let e = (-x.abs()).exp();
    let (first, second, third, fourth) = (4.0 + 2.0 * x, 8.0 + 2.0 * x, 6.0 - 3.0 * x, 2.0 - 2.0 * x);
    if x > 0.0 {
        let numerator = fourth + e * (third + e * (second + e * first));
        4.0 * e * e * numerator / (1.0 + 2.0 * e + 2.0 * e * e).powi(3)
    } else {
        let numerator = first + e * (second + e * (third + e * fourth));
        4.0 * e * numerator / (2.0 + 2.0 * e + e * e).powi(3)
    }
}

/// 2·σ(x)/cosh²(ln(1 + e^x)), the first term of mish's second derivative.
#[cfg(feature = "verify")]
pub(crate) fn mish_curvature_term(x: f64) -> f64 {
    2.0 * sigmoid(x) * sech_squared(softplus(1.0, x.min(700.0)))
}

/// −3αx/(1 + αx²)^(5/2).
pub(crate) fn isru_curvature(alpha: f64, x: f64) -> f64 {
    if x.is_infinite() {
        return 0.0;
    }
    let square = 1.0 + alpha * x * x;
    -3.0 * alpha * x / (square * square * square.sqrt())
}

/// The second derivative of sin(x)/x. Where its terms cancel it is their series.
pub(crate) fn sinc_curvature(x: f64) -> f64 {
    let u = x * x;
    if x.is_infinite() {
        0.0
    } else if u < 1.0 {
        let mut term = -1.0 / 3.0;
        (2..12).fold(term, |sum, n| {
            term *= -u / f64::from((2 * n - 2) * (2 * n - 3) * (2 * n + 1)) * f64::from(2 * n - 1);
            sum + term
        })
    } else {
        -(x.sin() + 2.0 * (x.cos() - x.sin() / x) / x) / x
    }
}

/// 1/|x|, the size of the largest term of sinc″ near a root; else 0.
#[cfg(feature = "verify")]
pub(crate) fn sinc_curvature_term(x: f64) -> f64 {
    if x.abs() > 1.0 { cancelled(sinc_curvature(x), 1.0 / x.abs()) } else { 0.0 }
}

pub(crate) fn lisht_curvature(x: f64) -> f64 {
    let x = x.clamp(-400.0, 400.0);
    2.0 * sech_squared(x) * (1.0 - x * x.tanh())
}

pub(crate) fn gaussian_curvature(x: f64) -> f64 {
    let x = x.clamp(-30.0, 30.0);
    (4.0 * x * x - 2.0) * (-x * x).exp()
}
