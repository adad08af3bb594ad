// What `highest.wgsl` has, without compensation: the upper part of a double-float alone is computed.
// `fast.wgsl` or `sixteen.wgsl` has the polynomials beneath it.

fn multiply_by(a: vec2<f32>, parameter: f32) -> vec2<f32> {
    return vec2<f32>(a.x * parameter, 0.0);
}

fn multiply(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x * b.x, 0.0);
}

fn add(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x + b.x, 0.0);
}

fn divide(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(n.x / d.x, 0.0);
}

fn divide_moderate(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    return divide(n, d);
}

fn divide_twice(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(n.x / (d.x * d.x), 0.0);
}

// Three times, so that the lower part of d counts.
fn divide_thrice(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    let y = n.x / (d.x * d.x) / d.x;
    return vec2<f32>(y - 3.0 * y * (d.y / d.x), 0.0);
}

fn square_root(q: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(sqrt(q.x), 0.0);
}

fn one_plus(v: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(1.0 + v.x, 0.0);
}

// e^x for x <= 0 as mantissa * 2^k, and as `small`, which is right where it counts beside 1. Below e^-64 both are raised
// by 2^32: the product of a vanishing exponential with x may be a normal number.
struct Decay {
    mantissa: vec2<f32>,
    k: i32,
    small: vec2<f32>,
}

fn decay(x: vec2<f32>) -> Decay {
    let far = x.x < -64.0;
    let e = vec2<f32>(raised_exponential(x, select(0.0, 32.0, far)), 0.0);
    return Decay(e, select(0, -32, far), e);
}

// value * 2^k for the exponent of a decay. A product is guarded: its factors by 2^k may be too small.
fn scale_tail(value: f32, k: i32) -> f32 {
    return select(guarded(value) * 2.3283064365386963e-10, value, k == 0);
}

fn scale_decay(value: f32, k: i32) -> f32 {
    return scale_tail(value, k);
}

fn scaled(n: Scaled) -> f32 {
    return scale_tail(n.value.x, n.k);
}

// 1/(1 + e^-z).
fn logistic(z: vec2<f32>) -> Scaled {
    let negative = z.x < 0.0;
    let e = decay(select(-z, z, negative));
    let numerator = select(1.0, e.mantissa.x, negative);
    return Scaled(vec2<f32>(numerator / (1.0 + e.small.x), 0.0), select(0, e.k, negative));
}

// e^-|z| / (1 + e^-|z|)^2.
fn logistic_derivative(z: vec2<f32>) -> Scaled {
    let e = decay(select(-z, z, z.x < 0.0));
    let inverse = 1.0 / (1.0 + e.small.x);
    return Scaled(vec2<f32>(e.mantissa.x * inverse * inverse, 0.0), e.k);
}

// 1/cosh^2(z) = 4 logistic'(2z).
fn sech_squared(z: vec2<f32>) -> Scaled {
    let slope = logistic_derivative(2.0 * z);
    return Scaled(4.0 * slope.value, slope.k);
}

// -|rate * x|, at least -200, for a rate above 0.
fn decay_argument(rate: f32, x: f32) -> vec2<f32> {
    let z = product_with(-abs(x), rate);
    return select(vec2<f32>(-200.0, 0.0), z, z.x > -200.0);
}

// ln(1 + e^(beta x))/beta. Below z = -18 the logarithm is e^z, whose power of two comes last.
fn softplus_of(x: f32, rate: f32) -> f32 {
    let z = decay_argument(rate, x);
    let e = decay(z);
    let sum = select(log1p_unit(e.small).x, e.mantissa.x, z.x < -18.0) / rate;
    return select(max(x, 0.0) + sum, scale_tail(sum, e.k), x < 0.0);
}

// x * logistic(z) for z = rate * x, |z| <= 200.
fn swish_product(x: f32, z: vec2<f32>) -> f32 {
    let s = logistic(z);
    return scale_tail(x * s.value.x, s.k);
}

// d/dx of x * logistic(z(x)); w = x z'(x) has the sign of z. With e = e^-|z| it is e (1 + e - |w|)/(1 + e)^2 below 0,
// and (1 + e + w e)/(1 + e)^2 above.
fn swish_slope(z: vec2<f32>, w: vec2<f32>) -> f32 {
    let negative = z.x < 0.0;
    let e = decay(select(-z, z, negative));
    let d = 1.0 + e.small.x;
    let inverse = 1.0 / d;
    let slope = select(d + w.x * e.small.x, (d + w.x + w.y) * e.mantissa.x, negative) * inverse * inverse;
    return scale_tail(slope, select(0, e.k, negative));
}

// e^(-a^2/2) for a in [0, 15].
fn gaussian_decay(a: f32) -> Decay {
    return decay(-0.5 * two_product(a, a));
}

const NORMAL_PEAK: vec2<f32> = vec2<f32>(0.398942292, -1.1335170e-8);

// Phi(z) for |z| <= 20, and with it 1 - Phi(z), by Mills' ratio.
fn normal_cdf(z: vec2<f32>) -> f32 {
    let e = decay(-0.5 * precise_product(z, z));
    let tail = mills_ratio(select(z, -z, z.x < 0.0)).x * e.mantissa.x;
    return select(1.0 - tail, scale_tail(tail, e.k), z.x < 0.0);
}

// x Phi(x). Without compensation nothing is gained by a polynomial near 0. The result is less than the exponential, which
// need not be raised.
fn gelu_of(x: f32) -> f32 {
    let a = min(abs(x), 15.0);
    let e = raised_exponential(-0.5 * two_product(a, a), 0.0);
    let m = mills_ratio(vec2<f32>(a, 0.0)).x;
    // Halves, because 1 - m e would be rounded before the product. Opaque, because compilers factor x out of the sum.
    return select(opaque(x * 0.5) + x * (0.5 - m * e), -(a * e) * m, x < 0.0);
}

// d/dx of x Phi(x).
fn gelu_slope(x: f32) -> f32 {
    let c = clamp(x, -15.0, 15.0);
    let a = abs(c);
    let e = gaussian_decay(a);
    let tail = (mills_ratio(vec2<f32>(a, 0.0)).x - NORMAL_PEAK.x * a) * e.mantissa.x;
    return select(1.0 - tail, scale_tail(tail, e.k), x < 0.0);
}

const TWO_OVER_ROOT_PI: vec2<f32> = vec2<f32>(1.12837923, -5.8635383e-8);

// (sqrt(pi)/2 erf(z) - z)/z for z^2 = u up to 1, from a minimax fit.
fn error_rest(u: f32) -> f32 {
    return ((((((-9.05435717e-6 * u + 1.01488375e-4) * u - 7.54050212e-4) * u + 4.62841848e-3) * u - 2.38093249e-2) * u + 0.0999999866) * u - 0.333333343) * u;
}

// erf(z) for |z| <= 10, beyond 1 as 1 - 2 e^(-z^2) M(sqrt(2) |z|) with Mills' ratio M.
fn error_function(z: vec2<f32>) -> vec2<f32> {
    let a = abs(z.x);
    let e = raised_exponential(-precise_product(z, z), 0.0);
    let far = 1.0 - 2.0 * e * mills_ratio(vec2<f32>(1.41421354 * a, 0.0)).x;
    let t = min(a, 1.0);
    let y = select(far, TWO_OVER_ROOT_PI.x * (t + t * error_rest(t * t)), a <= 1.0);
    return vec2<f32>(select(y, -y, z.x < 0.0), 0.0);
}

// The sine of an angle of at most an eighth of a turn, and its cosine beyond that.
fn sine_of(angle: Angle) -> vec2<f32> {
    let r = angle.rest.x;
    let u = r * r;
    let s = ((-2.82710039e-6 * u + 1.98525857e-4) * u - 8.33337847e-3) * u + 0.166666672;
    let c = (2.44325765e-5 * u - 1.38873106e-3) * u + 4.16666456e-2;
    let sine = fast_two_sum(r, angle.rest.y - r * u * s);
    let even = fast_two_sum(1.0, -0.5 * u);
    let cosine = fast_two_sum(even.x, even.y + (u * u * c - r * angle.rest.y));
    let y = select(sine, cosine, (angle.quarters & 1u) == 1u);
    return select(y, -y, angle.quarters >= 2u);
}
