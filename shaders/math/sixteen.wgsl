// Functions for results of 16 bits: their errors vanish in the rounding, so WGSL's own exp2 and log2 serve, and
// double-floats have no lower part. bfloat16 has the range of f32, so powers of two are kept apart where `highest.wgsl`
// keeps them apart.

fn fast_two_sum(a: f32, b: f32) -> vec2<f32> {
    return vec2<f32>(a + b, 0.0);
}

fn two_sum(a: f32, b: f32) -> vec2<f32> {
    return vec2<f32>(a + b, 0.0);
}

fn two_product(a: f32, b: f32) -> vec2<f32> {
    return vec2<f32>(a * b, 0.0);
}

fn product_with(a: f32, parameter: f32) -> vec2<f32> {
    return vec2<f32>(a * parameter, 0.0);
}

fn multiply_by(a: vec2<f32>, parameter: f32) -> vec2<f32> {
    return vec2<f32>(a.x * parameter, 0.0);
}

fn multiply(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x * b.x, 0.0);
}

fn precise_product(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x * b.x, 0.0);
}

fn add(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x + b.x, 0.0);
}

fn precise_sum(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x + b.x, 0.0);
}

fn divide(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(n.x / d.x, 0.0);
}

fn precise_quotient(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(n.x / d.x, 0.0);
}

fn square_root(q: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(sqrt(q.x), 0.0);
}

fn one_plus(v: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(1.0 + v.x, 0.0);
}

fn scaled(n: Scaled) -> f32 {
    return n.value.x * power_of_two(n.k);
}

fn value_of(y: vec2<f32>) -> f32 {
    return y.x;
}

// value * 2^k for the exponent of a decay.
fn scale_tail(value: f32, k: i32) -> f32 {
    return select(value * 2.3283064365386963e-10, value, k == 0);
}

fn exponential_scaled(x: vec2<f32>) -> Scaled {
    let t = x.x * 1.44269504;
    let k = round(t);
    return Scaled(vec2<f32>(exp2(t - k), 0.0), i32(k));
}

fn exponential_of(x: f32) -> f32 {
    return exp2(1.44269504 * clamp(x, -104.0, 89.0));
}

// e^x for x <= 0 as mantissa * 2^k. Below e^-64 it is raised by 2^32: its product with x is a normal number where the
// exponential alone is not. `small` is the same where it counts beside 1.
struct Decay {
    mantissa: vec2<f32>,
    k: i32,
    small: vec2<f32>,
}

fn decay(x: vec2<f32>) -> Decay {
    let far = x.x < -64.0;
    let e = vec2<f32>(exp2(1.44269504 * x.x + select(0.0, 32.0, far)), 0.0);
    return Decay(e, select(0, -32, far), e);
}

// e^x - 1 for small |x|.
fn expm1_near(x: vec2<f32>) -> vec2<f32> {
    let t = clamp(x.x, -0.125, 0.125);
    return vec2<f32>(t + t * t * ((0.0416666667 * t + 0.166666667) * t + 0.5), 0.0);
}

// e^x - 1 for x <= 0.
fn expm1_negative(x: vec2<f32>) -> vec2<f32> {
    let far = exp2(1.44269504 * x.x) - 1.0;
    return select(vec2<f32>(far, 0.0), expm1_near(x), x.x > -0.125);
}

// e^x - 1 for x <= 200.
fn expm1_of(x: vec2<f32>) -> Scaled {
    let k = select(0, 128, x.x > 64.0);
    let far = exp2(1.44269504 * x.x - f32(k)) - select(1.0, 0.0, k > 0);
    return Scaled(select(vec2<f32>(far, 0.0), expm1_near(x), abs(x.x) < 0.125), k);
}

// ln(1 + e) for e in [0, 1].
fn log1p_unit(e: vec2<f32>) -> vec2<f32> {
    let near = e.x - e.x * e.x * (0.5 - 0.333333333 * e.x);
    return vec2<f32>(select(log2(1.0 + e.x) * 0.693147181, near, e.x < 0.02), 0.0);
}

// 1/(1 + e^-z).
fn logistic(z: vec2<f32>) -> Scaled {
    let negative = z.x < 0.0;
    let e = decay(vec2<f32>(-abs(z.x), 0.0));
    let numerator = select(1.0, e.mantissa.x, negative);
    return Scaled(vec2<f32>(numerator / (1.0 + e.small.x), 0.0), select(0, e.k, negative));
}

// e^-|z| / (1 + e^-|z|)^2.
fn logistic_derivative(z: vec2<f32>) -> Scaled {
    let e = decay(vec2<f32>(-abs(z.x), 0.0));
    let inverse = 1.0 / (1.0 + e.small.x);
    return Scaled(vec2<f32>(e.mantissa.x * inverse * inverse, 0.0), e.k);
}

// 1/cosh^2(z).
fn sech_squared(z: vec2<f32>) -> Scaled {
    let slope = logistic_derivative(2.0 * z);
    return Scaled(slope.value, slope.k + 2);
}

// tanh(z): an odd polynomial near 0, elsewhere (1 - e)/(1 + e) with e = e^(-2|z|).
fn tanh_of(z: vec2<f32>) -> vec2<f32> {
    let square = min(z.x * z.x, 0.015625);
    let near = z.x + z.x * square * (0.13333333 * square - 0.33333333);
    let e = exp2(-2.8853901 * abs(z.x));
    let far = (1.0 - e) / (1.0 + e);
    return vec2<f32>(select(select(far, -far, z.x < 0.0), near, abs(z.x) < 0.125), 0.0);
}

// ln(1 + e^(beta x))/beta. Where e^-|z| is small, it is the logarithm, and its power of two comes last.
fn softplus_of(x: f32, rate: f32) -> f32 {
    let limit = argument_limit(rate, 200.0);
    let z = argument_of(rate, x, limit, 200.0);
    let e = decay(vec2<f32>(max(-abs(z.x), -120.0), 0.0));
    let tail = scale_tail(e.mantissa.x / rate, e.k);
    let body = max(x, 0.0) + log1p_unit(e.small).x / rate;
    return select(select(body, tail, z.x < -12.0), x, x > limit);
}

// x * logistic(z).
fn swish_product(x: f32, z: vec2<f32>) -> f32 {
    let s = logistic(z);
    return scale_tail(x * s.value.x, s.k);
}

// d/dx of x * logistic(z(x)); w = x z'(x) has the sign of z. See `highest.wgsl`.
fn swish_slope(z: vec2<f32>, w: vec2<f32>) -> f32 {
    let negative = z.x < 0.0;
    let e = decay(vec2<f32>(-abs(z.x), 0.0));
    let below = -abs(w.x);
    let d = 1.0 + e.small.x;
    let inverse = 1.0 / d;
    let left = (d + below) * e.mantissa.x;
    let right = d - below * e.small.x;
    return scale_tail(select(right, left, negative) * inverse * inverse, select(0, e.k, negative));
}

// e^(-a^2/2).
fn gaussian_decay(a: f32) -> Decay {
    return decay(vec2<f32>(-0.5 * a * a, 0.0));
}

// (Phi(x) - 1/2)/x for |x| <= 1/4.
fn normal_centre(square: vec2<f32>) -> vec2<f32> {
    return vec2<f32>((0.00997280329 * square.x - 0.0664903671) * square.x + 0.398942292, 0.0);
}

// d/dx of x (Phi(x) - 1/2), without its factor x.
fn normal_centre_slope(square: vec2<f32>) -> vec2<f32> {
    return vec2<f32>((0.0598334745 * square.x - 0.265961379) * square.x + 0.797884583, 0.0);
}

// Mills' ratio e^(a^2/2) Phi(-a) for a from 0 to 15, as t P(t) with t = 1/(1 + a/4): a minimax fit (2^-18).
fn mills_ratio(a: vec2<f32>) -> vec2<f32> {
    let t = 1.0 / (0.25 * a.x + 1.0);
    let p = (((((-0.07514063 * t + 0.27915263) * t - 0.1716735) * t + 0.2066527) * t + 0.0560710) * t + 0.1055734) * t + 0.09936587;
    return vec2<f32>(t * p, 0.0);
}

const NORMAL_PEAK: vec2<f32> = vec2<f32>(0.398942280, 0.0);

// Phi(z) for |z| <= 20.
fn normal_cdf(z: vec2<f32>) -> f32 {
    let e = gaussian_decay(z.x);
    let tail = mills_ratio(abs(z)).x * e.mantissa.x;
    return select(1.0 - tail, scale_tail(tail, e.k), z.x < 0.0);
}

// The sine, from fits for |r| <= pi/4.
fn sine_of(angle: Angle) -> vec2<f32> {
    let r = angle.rest.x;
    let u = r * r;
    let sine = r - r * u * ((1.98525857e-4 * u - 8.33337847e-3) * u + 0.166666672);
    let cosine = 1.0 - 0.5 * u + u * u * ((2.44325765e-5 * u - 1.38873106e-3) * u + 4.16666456e-2);
    let y = select(sine, cosine, (angle.quarters & 1u) == 1u);
    return vec2<f32>(select(y, -y, angle.quarters >= 2u), 0.0);
}

// ln s for a normal s > 0.
fn logarithm(s: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(log2(s.x) * 0.693147181, 0.0);
}
