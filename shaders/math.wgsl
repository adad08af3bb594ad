// Scalar f32 mathematics for the activations. WGSL's own exp, tanh and log may be wrong by tens of units in the
// last place, and it has no expm1, log1p or normal distribution, so these are built here from +, -, *, / alone.
//
// A `vec2<f32>` in this file is a double-float: the unevaluated sum of a value and its rounding error.

const LARGEST: f32 = 3.40282347e38;

// A value the compiler cannot see through. Drivers fold `(a + b) - a` to `b`, which erases the rounding error that
// a compensated sum is after; `call.zero` is 0, but only known at run time.
fn opaque(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ call.zero);
}

// By bits, because implementations may assume that infinities do not occur.
fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// a + b and its rounding error, for |a| >= |b| (Dekker 1971).
fn fast_two_sum(a: f32, b: f32) -> vec2<f32> {
    let sum = opaque(a + b);
    return vec2<f32>(sum, (a - sum) + b);
}

// a + b and its rounding error, in any order (Knuth, TAOCP 2, 4.2.2).
fn two_sum(a: f32, b: f32) -> vec2<f32> {
    let sum = opaque(a + b);
    let of_b = opaque(sum - a);
    return vec2<f32>(sum, (a - opaque(sum - of_b)) + (b - of_b));
}

// The upper 12 bits of the significand. By mask: Veltkamp's splitting is what compilers fold away.
fn upper_half(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// a * b and its rounding error. Every partial product has at most 24 bits, so it is exact with or without a fused
// multiply-add. For tiny products the error is left out: adapters that flush subnormals would lose some partial
// products and keep others, and make of the error a term of 2^-12.
fn two_product(a: f32, b: f32) -> vec2<f32> {
    let product = opaque(a * b);
    let a_high = upper_half(a);
    let a_low = a - a_high;
    let b_high = upper_half(b);
    let b_low = b - b_high;
    let error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return vec2<f32>(product, select(error, 0.0, abs(product) < 1e-30));
}

fn multiply(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let product = two_product(a.x, b.x);
    return vec2<f32>(product.x, product.y + (a.x * b.y + a.y * b.x));
}

fn add(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let sum = two_sum(a.x, b.x);
    return vec2<f32>(sum.x, sum.y + (a.y + b.y));
}

// n / d, the remainder of the rounded (in WGSL up to 2.5 units off) quotient divided again.
fn divide(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    let quotient = opaque(n.x / d.x);
    let product = two_product(quotient, d.x);
    let remainder = ((n.x - product.x) - product.y) + (n.y - quotient * d.y);
    return vec2<f32>(quotient, remainder / d.x);
}

fn power_of_two(k: i32) -> f32 {
    return bitcast<f32>(u32(k + 127) << 23u);
}

// value * 2^k, k in [-252, 252]: in two steps, because 2^k alone may be no normal float.
fn scale(value: f32, k: i32) -> f32 {
    let half = k / 2;
    return value * power_of_two(half) * power_of_two(k - half);
}

// value * 2^k, k in [-378, 378]: for products of a large value and a vanishing exponential.
fn scale_far(value: f32, k: i32) -> f32 {
    let third = k / 3;
    let step = power_of_two(third);
    return value * step * step * power_of_two(k - 2 * third);
}

// A product that still has to be multiplied by 2^k: scaling comes last, so that tails keep their digits where a
// factor alone would be subnormal.
struct Scaled {
    value: vec2<f32>,
    k: i32,
}

fn scaled(n: Scaled) -> f32 {
    return scale(n.value.x + n.value.y, n.k);
}

// e^x - 1 = 2^k (1 + v) - 1 for x = x.x + x.y. Argument reduction of Cody & Waite 1980 with ln 2 in two parts, the
// first of which has 9 bits so that its product with k is exact; the polynomial is a minimax fit of (e^r - 1 - r)/r^2.
struct Exponential {
    v: vec2<f32>,
    k: i32,
}

fn exponential(x: vec2<f32>) -> Exponential {
    let k = round(x.x * 1.44269504);
    let a = opaque(x.x - k * 0.693359375);
    let b = opaque(k * -2.12194440e-4);
    let r = opaque(a - b);
    let r_low = ((a - r) - b) + x.y;
    let q = ((((1.97903486e-4 * r + 1.39446580e-3) * r + 8.33349675e-3) * r + 4.16662954e-2) * r + 0.166666657) * r + 0.5;
    let v = fast_two_sum(r, r * r * q);
    return Exponential(vec2<f32>(v.x, v.y + (r_low + r_low * v.x)), i32(k));
}

fn one_plus(v: vec2<f32>) -> vec2<f32> {
    let sum = fast_two_sum(1.0, v.x);
    return vec2<f32>(sum.x, sum.y + v.y);
}

// e^x for x <= 0 as mantissa and power of two, and as a plain double-float `small` that may flush to 0.
struct Decay {
    mantissa: vec2<f32>,
    k: i32,
    small: vec2<f32>,
}

fn decay(x: vec2<f32>) -> Decay {
    let e = exponential(x);
    let mantissa = one_plus(e.v);
    let step = power_of_two(max(e.k, -126));
    return Decay(mantissa, e.k, mantissa * step);
}

// e^x - 1 for x <= 0. Near 0 the series of the exponential without its 1, elsewhere nothing cancels.
fn expm1_negative(x: f32) -> vec2<f32> {
    let t = max(x, -0.5);
    let p = (((((2.47906119e-5 * t + 1.99762435e-4) * t + 1.38893223e-3) * t + 8.33313446e-3) * t + 4.16666605e-2) * t + 0.166666672) * t + 0.5;
    let near = fast_two_sum(t, t * t * p);
    let e = decay(vec2<f32>(max(x, -104.0), 0.0)).small;
    let far = fast_two_sum(-1.0, e.x);
    return select(vec2<f32>(far.x, far.y + e.y), near, x > -0.5);
}

// ln(1 + e) for e in [0, 1]. Above sqrt 2 - 1 the argument is halved, (1 + e)/2 = 1 + (e - 1)/2, and ln 2 added in
// two parts. The polynomial is a minimax fit of (ln(1 + f) - f + f^2/2)/f^3.
fn log1p_unit(e: vec2<f32>) -> vec2<f32> {
    let upper = e.x > 0.41421356;
    let f = select(e.x, (e.x - 1.0) * 0.5, upper);
    let f_low = select(e.y, e.y * 0.5, upper);
    let p = (((((((0.0674455017 * f - 0.116748087) * f + 0.118886009) * f - 0.124057554) * f + 0.142195195) * f - 0.16667986) * f + 0.200021192) * f - 0.25000009) * f + 0.333333135;
    let square = two_product(f, f);
    let t = fast_two_sum(-0.5 * square.x, f * square.x * p);
    let near = fast_two_sum(f, t.x);
    let tail = near.y + (t.y - 0.5 * square.y + f_low / (1.0 + f));
    let shifted = fast_two_sum(0.693359375, near.x);
    return select(vec2<f32>(near.x, tail), vec2<f32>(shifted.x, shifted.y + (tail - 2.12194440e-4)), upper);
}

// The largest |x| at which rate * x is needed: beyond |rate * x| = 200 even the largest float times e^-200 is 0.
fn argument_limit(rate: f32) -> f32 {
    let magnitude = abs(rate);
    return select(200.0 / max(magnitude, 6e-37), LARGEST, magnitude < 6e-37);
}

// 1/(1 + e^-z), |z| <= 200. Only e^-|z| is formed; for z < 0 its power of two is left to the end.
fn logistic(z: vec2<f32>) -> Scaled {
    let negative = z.x < 0.0;
    let e = decay(select(-z, z, negative));
    let numerator = select(vec2<f32>(1.0, 0.0), e.mantissa, negative);
    return Scaled(divide(numerator, one_plus(e.small)), select(0, e.k, negative));
}

// e^-|z| / (1 + e^-|z|)^2, the derivative of the logistic function, without 1 - y.
fn logistic_derivative(z: f32) -> Scaled {
    let e = decay(vec2<f32>(-abs(z), 0.0));
    let d = one_plus(e.small);
    return Scaled(divide(divide(e.mantissa, d), d), e.k);
}

// x * logistic(z) where z = rate * x in double-float, x within argument_limit(rate). A large x goes in halved, so that
// the mantissa's up to 1.41 cannot overflow before the power of two is applied; a small one must not be, or it is flushed.
fn swish_product(x: f32, z: vec2<f32>) -> f32 {
    let s = logistic(z);
    let large = abs(x) > 1e38;
    let y = multiply(s.value, vec2<f32>(select(x, 0.5 * x, large), 0.0));
    return scale_far(y.x + y.y, select(s.k, s.k + 1, large));
}

// d/dz of z * logistic(z). With e = e^-|z|: e (1 + e - |z|)/(1 + e)^2 below 0, (1 + e + z e)/(1 + e)^2 above.
fn swish_slope(z: vec2<f32>) -> f32 {
    let negative = z.x < 0.0;
    let below = select(-z, z, negative);
    let e = decay(below);
    let d = one_plus(e.small);
    let left = multiply(add(d, below), e.mantissa);
    let right = add(d, -multiply(below, e.small));
    let slope = divide(divide(select(right, left, negative), d), d);
    return scale_far(slope.x + slope.y, select(0, e.k, negative));
}

// e^(-a^2/2), a in [0, 15]. a^2 is exact: rounded, it alone would cost 60 units at a = 14.
fn gaussian_decay(a: f32) -> Decay {
    let square = two_product(a, a);
    return decay(-0.5 * square);
}

// (Phi(x) - 1/2)/x as a polynomial in x^2, |x| <= 1/4.
fn normal_centre(square: f32) -> f32 {
    return (((((5.37491758e-7 * square - 9.27508427e-6) * square + 1.15321513e-4) * square - 1.18728913e-3) * square + 9.97355022e-3) * square - 6.64903820e-2) * square + 0.398942292;
}

// d/dx of x (Phi(x) - 1/2) without its factor x: the coefficients above times 2, 4, 6, ...
fn normal_centre_slope(square: f32) -> f32 {
    return (((((7.524884612e-6 * square - 1.1130101124e-4) * square + 1.15321513e-3) * square - 9.49831304e-3) * square + 5.984130132e-2) * square - 0.26596152800) * square + 0.797884584;
}

// Mills' ratio e^(a^2/2) Phi(-a) for a in [0, 14.7], as P((a - 4)/(a + 4))/(1 + a). A minimax fit whose coefficients
// were rounded to f32 within the fit, from the highest power down (2^-26.9); the constant is in two parts.
fn mills_ratio(a: f32) -> vec2<f32> {
    let t = (a - 4.0) / (a + 4.0);
    let q = ((((((((-7.176798e-5 * t - 6.0974726e-5) * t + 6.9258246e-4) * t - 3.036294e-4) * t - 5.0041988e-3) * t + 1.7940214e-2) * t - 3.2197304e-2) * t + 2.8599974e-2) * t + 1.3999598e-2) * t - 9.670347e-2;
    let p = fast_two_sum(0.4720532, t * q);
    return divide(vec2<f32>(p.x, p.y + 6.34288e-9), two_sum(1.0, a));
}
