// Scalar f32 mathematics for the activations. WGSL's own exp, tanh and log may be wrong by tens of units in the last
// place, and WGSL has no expm1, log1p or normal distribution. So these are built here from +, -, *, / alone.
//
// A `vec2<f32>` in this file is a double-float: the unevaluated sum of a value and its rounding error.

const LARGEST: f32 = 3.4028234663852886e38;

// 0, but known only at run time: every entry point sets it to the dispatch's third dimension minus 1. It is not a
// uniform, because Mesa compiles the values of some uniforms in.
var<private> zero: u32;

// A value that compilers cannot see through. Drivers fold `(a + b) - a` to `b`, which erases the rounding error that a
// compensated sum needs.
fn opaque(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ zero);
}

// The same for compilers that regroup `(a - sum) + b` to `(a + b) - sum` without knowing `sum`. GUARDED depends on the
// adapter.
fn guarded(x: f32) -> f32 {
    if GUARDED {
        return opaque(x);
    }
    return x;
}

// Tests bits, because implementations may assume that NaN does not occur.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// Tests bits, because implementations may assume that infinities do not occur.
fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// a + b and its rounding error, for |a| >= |b| (Dekker 1971). If a is a constant and another constant is added to the
// error, the error must be opaque: Mesa adds the two constants first and rounds their sum.
fn fast_two_sum(a: f32, b: f32) -> vec2<f32> {
    let sum = opaque(a + b);
    return vec2<f32>(sum, guarded(a - sum) + b);
}

// a + b and its rounding error, in any order (Knuth, TAOCP 2, 4.2.2).
fn two_sum(a: f32, b: f32) -> vec2<f32> {
    let sum = opaque(a + b);
    let of_b = opaque(sum - a);
    return vec2<f32>(sum, guarded(a - opaque(sum - of_b)) + guarded(b - of_b));
}

// The upper 12 bits of the significand, by a mask. Compilers fold Veltkamp's splitting away.
fn upper_half(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// a * b and its rounding error. Every partial product has at most 24 bits, so it is exact with or without a fused
// multiply-add. The error of a tiny product is left out: adapters that flush subnormals would lose some partial
// products and keep others, which makes the error a term of 2^-12.
fn two_product(a: f32, b: f32) -> vec2<f32> {
    let product = opaque(a * b);
    let a_high = upper_half(a);
    let a_low = a - a_high;
    let b_high = upper_half(b);
    let b_low = b - b_high;
    let rest = guarded(guarded(a_high * b_high - product) + a_high * b_low);
    let error = guarded(rest + a_low * b_high) + a_low * b_low;
    return vec2<f32>(product, select(error, 0.0, abs(product) < 1e-30));
}

// The same for a parameter or gradient of any size. The lower half of a tiny operand may be flushed although the
// product is not tiny. So an error above half a unit is dropped.
fn product_with(a: f32, parameter: f32) -> vec2<f32> {
    let product = two_product(a, parameter);
    return vec2<f32>(product.x, select(product.y, 0.0, abs(product.y) > 6e-8 * abs(product.x)));
}

fn multiply_by(a: vec2<f32>, parameter: f32) -> vec2<f32> {
    let product = product_with(a.x, parameter);
    return vec2<f32>(product.x, product.y + a.y * parameter);
}

fn multiply(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let product = two_product(a.x, b.x);
    return vec2<f32>(product.x, product.y + (a.x * b.y + a.y * b.x));
}

fn add(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let sum = two_sum(a.x, b.x);
    return vec2<f32>(sum.x, sum.y + (a.y + b.y));
}

// n / d. The rounded quotient (up to 2.5 units off in WGSL) leaves a remainder, which is divided again.
fn divide(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    let quotient = opaque(n.x / d.x);
    let product = two_product(quotient, d.x);
    let remainder = (guarded(n.x - product.x) - product.y) + (n.y - quotient * d.y);
    return vec2<f32>(quotient, remainder / d.x);
}

// sqrt(q) for q > 0. The rounded root leaves a remainder, which is divided by twice the root.
fn square_root(q: vec2<f32>) -> vec2<f32> {
    let root = opaque(sqrt(q.x));
    let square = two_product(root, root);
    let remainder = (guarded(q.x - square.x) - square.y) + q.y;
    return vec2<f32>(root, remainder / (2.0 * root));
}

// a * b * c. If a * b is large or small, the largest factor is multiplied by the smallest first. Then nothing overflows
// or vanishes unless the product does, and an exact 0 stays 0.
fn product_of_three(a: f32, b: f32, c: f32) -> f32 {
    let swap = abs(a) < abs(b);
    let larger = select(a, b, swap);
    let smaller = select(b, a, swap);
    let above = abs(c) > abs(larger);
    let below = abs(c) < abs(smaller);
    let largest = select(larger, c, above);
    let smallest = select(smaller, c, below);
    let middle = select(select(c, larger, above), smaller, below);
    let plain = abs(opaque(a * b));
    let is_moderate = plain > 1e-30 && plain < 1e30;
    let first = two_product(select(largest, a, is_moderate), select(smallest, b, is_moderate));
    let last = select(middle, c, is_moderate);
    // The error of the first product counts up to twice in units of the second, so it is kept.
    let rest = first.y * last;
    return guarded(first.x * last) + select(0.0, rest, is_finite(rest));
}

// Infinity and NaN cannot be literals, and compilers may assume that no arithmetic produces NaN.
fn not_a_number_unless(valid: bool, y: f32) -> f32 {
    return bitcast<f32>(select(0x7fc00000u ^ zero, bitcast<u32>(y), valid));
}

// x above 0 and slope * x below. A slope of 0 gives 0 at -infinity, too, where the product would be NaN.
fn leaky(x: f32, slope: f32) -> f32 {
    return select(slope * select(x, 0.0, slope == 0.0), x, x > 0.0);
}

// 2^k for k in [-126, 127]; -127 gives 0.
fn power_of_two(k: i32) -> f32 {
    return bitcast<f32>(u32(k + 127) << 23u);
}

// value * 2^k for k in [-254, 252]. It takes two steps, because 2^k alone may not be a normal float. The first is
// guarded, because Mesa's GL balances chains of products and would multiply the powers of two with each other.
fn scale(value: f32, k: i32) -> f32 {
    let half = k / 2;
    return guarded(value * power_of_two(half)) * power_of_two(k - half);
}

// The exponent of x, clamped to [-126, 126], so that 2^-k is a normal float, too.
fn exponent_of(x: f32) -> i32 {
    return clamp(i32((bitcast<u32>(x) >> 23u) & 0xffu) - 127, -126, 126);
}

// value * 2^k for k in [-378, 378]: for products of a large value and a vanishing exponential.
fn scale_far(value: f32, k: i32) -> f32 {
    let third = k / 3;
    let step = power_of_two(third);
    return guarded(guarded(value * step) * step) * power_of_two(k - 2 * third);
}

// value * 2^k, with k clamped to [-378, 378].
fn scale_pair(value: vec2<f32>, k: i32) -> vec2<f32> {
    let most = clamp(k, -378, 378);
    return vec2<f32>(scale_far(value.x, most), scale_far(value.y, most));
}

// a * b * 2^k with its rounding error, for a and b of any size: their own powers of two are added to k.
fn product_scaled(a: f32, b: f32, k: i32) -> vec2<f32> {
    if k == 0 {
        return product_with(b, a);
    }
    let a_k = exponent_of(a);
    let b_k = exponent_of(b);
    return scale_pair(two_product(a * power_of_two(-a_k), b * power_of_two(-b_k)), a_k + b_k + k);
}

// a * b * c * 2^k, where the product of b and c is rounded.
fn product_of_three_scaled(a: f32, b: f32, c: f32, k: i32) -> vec2<f32> {
    let b_k = exponent_of(b);
    let c_k = exponent_of(c);
    return product_scaled(a, (b * power_of_two(-b_k)) * (c * power_of_two(-c_k)), b_k + c_k + k);
}

// The value of a double-float. The lower part of an infinite one is NaN.
fn value_of(y: vec2<f32>) -> f32 {
    return select(y.x, y.x + y.y, is_finite(y.x));
}

// The derivatives of a result by its learnable parameters, divided by 2^k: they may exceed the floats where their
// products with dy do not.
struct Gradient {
    by: Params,
    k: i32,
}

// A product still to be multiplied by 2^k. Scaling comes last, so that tails keep their digits where a factor alone
// would be subnormal.
struct Scaled {
    value: vec2<f32>,
    k: i32,
}

fn scaled(n: Scaled) -> f32 {
    return scale(n.value.x + n.value.y, n.k);
}

// e^x - 1 = 2^k (1 + v) - 1 for x = x.x + x.y. The argument reduction is that of Cody & Waite 1980, with ln 2 in two
// parts. The first part has 9 bits, so that its product with k is exact. The polynomial is a minimax fit of
// (e^r - 1 - r)/r^2.
struct Exponential {
    v: vec2<f32>,
    k: i32,
}

// (e^r - 1 - r)/r^2 for |r| <= ln 2/2.
fn exponential_rest(r: f32) -> f32 {
    return ((((1.97384987e-4 * r + 1.39350840e-3) * r + 8.33357219e-3) * r + 4.16664630e-2) * r + 0.166666657) * r + 0.5;
}

fn exponential(x: vec2<f32>) -> Exponential {
    let k = round(x.x * 1.44269504);
    let a = opaque(x.x - k * 0.693359375);
    let b = opaque(k * -2.12194440e-4);
    let r = opaque(a - b);
    let r_low = (guarded(a - r) - b) + x.y;
    let v = fast_two_sum(r, r * r * exponential_rest(r));
    return Exponential(vec2<f32>(v.x, v.y + (r_low + r_low * v.x)), i32(k));
}

fn one_plus(v: vec2<f32>) -> vec2<f32> {
    let sum = fast_two_sum(1.0, v.x);
    return vec2<f32>(sum.x, sum.y + v.y);
}

fn exponential_of(x: f32) -> f32 {
    let e = exponential(vec2<f32>(clamp(x, -104.0, 89.0), 0.0));
    let y = one_plus(e.v);
    return scale(y.x + y.y, e.k);
}

// e^x for x <= 0: as mantissa and power of two, and as a plain double-float `small` that may flush to 0.
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

// e^x - 1 for |x| < 1/2, by the exponential's polynomial without the 1.
fn expm1_near(x: vec2<f32>) -> vec2<f32> {
    let t = clamp(x.x, -0.5, 0.5);
    let p = (((((2.48207762e-5 * t + 1.99646529e-4) * t + 1.38891023e-3) * t + 8.33317544e-3) * t + 4.16666642e-2) * t + 0.166666672) * t + 0.5;
    let near = fast_two_sum(t, t * t * p);
    return vec2<f32>(near.x, near.y + x.y * (1.0 + t));
}

// e^x - 1 for x <= 0. Away from 0 nothing cancels.
fn expm1_negative(x: vec2<f32>) -> vec2<f32> {
    let e = decay(vec2<f32>(max(x.x, -104.0), x.y)).small;
    let far = fast_two_sum(-1.0, e.x);
    return select(vec2<f32>(far.x, far.y + e.y), expm1_near(x), x.x > -0.5);
}

// e^x - 1 for x <= 200. The power of two is apart, because the result may exceed the largest float.
fn expm1_of(x: vec2<f32>) -> Scaled {
    let e = exponential(max(x, vec2<f32>(0.0, -1.0)));
    let above = add(one_plus(e.v), vec2<f32>(-power_of_two(-min(e.k, 126)), 0.0));
    let large = x.x >= 0.5;
    return Scaled(select(select(expm1_negative(min(x, vec2<f32>(0.0, 1.0))), expm1_near(x), abs(x.x) < 0.5), above, large), select(0, e.k, large));
}

// ln(1 + e) for e in [0, 1]. Above sqrt 2 - 1 the argument is halved, (1 + e)/2 = 1 + (e - 1)/2, and ln 2 is added in
// two parts. The polynomial is a minimax fit of (ln(1 + f) - f + f^2/2)/f^3.
fn log1p_unit(e: vec2<f32>) -> vec2<f32> {
    let upper = e.x > 0.41421356;
    let less_one = fast_two_sum(-1.0, e.x);
    let f = select(e.x, less_one.x * 0.5, upper);
    let f_low = select(e.y, (less_one.y + e.y) * 0.5, upper);
    let p = (((((((0.0674232095 * f - 0.116669163) * f + 0.118845366) * f - 0.124067187) * f + 0.142203242) * f - 0.16667971) * f + 0.200020716) * f - 0.250000089) * f + 0.333333135;
    let square = two_product(f, f);
    let t = fast_two_sum(-0.5 * square.x, f * square.x * p);
    let near = fast_two_sum(f, t.x);
    let tail = near.y + (t.y - 0.5 * square.y + f_low / (1.0 + f));
    let shifted = fast_two_sum(0.693359375, near.x);
    return select(vec2<f32>(near.x, tail), vec2<f32>(shifted.x, shifted.y + (tail - 2.12194440e-4)), upper);
}

// The largest |x| with |rate * x| <= `reach`, which lies between 4 and 1000.
fn argument_limit(rate: f32, reach: f32) -> f32 {
    let least = opaque(reach * 1e-10) * 3e-29;
    return select(reach / max(abs(rate), least), LARGEST, abs(rate) < least);
}

// rate * x with its rounding error, for |x| up to `limit`, which is an `argument_limit`. For infinite x it is `reach`
// with the sign of the product: the largest float times a small rate may be less.
fn argument_of(rate: f32, x: f32, limit: f32, reach: f32) -> vec2<f32> {
    let far = select(reach, -reach, (x < 0.0) != (rate < 0.0));
    let near = product_with(clamp(x, -limit, limit), rate);
    return select(vec2<f32>(far, 0.0), near, is_finite(x) || rate == 0.0);
}

// 1/(1 + e^-z) for |z| <= 200. Only e^-|z| is formed; for z < 0 its power of two is left to the end.
fn logistic(z: vec2<f32>) -> Scaled {
    let negative = z.x < 0.0;
    let e = decay(select(-z, z, negative));
    let numerator = select(vec2<f32>(1.0, 0.0), e.mantissa, negative);
    return Scaled(divide(numerator, one_plus(e.small)), select(0, e.k, negative));
}

// e^-|z| / (1 + e^-|z|)^2, the derivative of the logistic function, formed without 1 - y.
fn logistic_derivative(z: vec2<f32>) -> Scaled {
    let e = decay(select(z, -z, z.x > 0.0));
    let d = one_plus(e.small);
    return Scaled(divide(divide(e.mantissa, d), d), e.k);
}

// 1/cosh^2(z) = 4 logistic'(2z).
fn sech_squared(z: vec2<f32>) -> Scaled {
    let slope = logistic_derivative(2.0 * z);
    return Scaled(slope.value, slope.k + 2);
}

// tanh(z). Near 0 it is an odd polynomial, elsewhere 1 - 2e/(1 + e) with e = e^(-2|z|), where nothing cancels.
fn tanh_of(z: vec2<f32>) -> vec2<f32> {
    let positive = select(z, -z, z.x < 0.0);
    let a = select(vec2<f32>(60.0, 0.0), positive, positive.x < 60.0);
    let t = min(a.x, 0.4);
    let square = t * t;
    let p = (((-7.11824698e-3 * square + 2.15200670e-2) * square - 5.39351702e-2) * square + 0.133331925) * square - 0.333333313;
    let near = fast_two_sum(t, t * square * p);
    let e = decay(-2.0 * a).small;
    let q = divide(2.0 * e, one_plus(e));
    let far = fast_two_sum(1.0, -q.x);
    let y = select(vec2<f32>(far.x, far.y - q.y), vec2<f32>(near.x, near.y + a.y * (1.0 - square)), a.x < 0.4);
    return select(y, -y, z.x < 0.0);
}

// ln(1 + e^(beta x))/beta as max(x, 0) + ln(1 + e^-|z|)/beta for z = beta x. Below z = -18 the logarithm is
// e^z (1 - e^z/2), whose power of two comes last.
fn softplus_of(x: f32, rate: f32) -> f32 {
    let limit = argument_limit(rate, 200.0);
    let z = argument_of(rate, x, limit, 200.0);
    let e = decay(select(z, -z, z.x > 0.0));
    let beta = vec2<f32>(rate, 0.0);
    let tail = divide(vec2<f32>(e.mantissa.x, e.mantissa.y - 0.5 * e.mantissa.x * e.small.x), beta);
    let body = add(vec2<f32>(max(x, 0.0), 0.0), divide(log1p_unit(e.small), beta));
    let y = select(value_of(body), scale_far(tail.x + tail.y, e.k), z.x < -18.0);
    return select(y, x, x > limit);
}

// x * logistic(z) for z = rate * x in double-float, |z| <= 200. A large x is halved: the mantissa is up to 1.41, and
// their product must not overflow before the scaling. A small x is not halved, because it would be flushed.
fn swish_product(x: f32, z: vec2<f32>) -> f32 {
    let s = logistic(z);
    let large = abs(x) > 1e38;
    let y = multiply(s.value, vec2<f32>(select(x, 0.5 * x, large), 0.0));
    return scale_far(y.x + y.y, select(s.k, s.k + 1, large));
}

// d/dx of x * logistic(z(x)); w = x z'(x) has the sign of z. With e = e^-|z| it is e (1 + e - |w|)/(1 + e)^2 below 0,
// and (1 + e + w e)/(1 + e)^2 above.
fn swish_slope(z: vec2<f32>, w: vec2<f32>) -> f32 {
    let negative = z.x < 0.0;
    let below = select(-w, w, negative);
    let e = decay(select(-z, z, negative));
    let d = one_plus(e.small);
    let left = multiply(add(d, below), e.mantissa);
    let right = add(d, -multiply(below, e.small));
    let slope = divide(divide(select(right, left, negative), d), d);
    return scale_far(slope.x + slope.y, select(0, e.k, negative));
}

// e^(-a^2/2) for a in [0, 15]. a^2 is exact; rounding it would cost 60 units at a = 14.
fn gaussian_decay(a: f32) -> Decay {
    let square = two_product(a, a);
    return decay(-0.5 * square);
}

// (Phi(x) - 1/2)/x for |x| <= 1/4, from a minimax fit in x^2 whose constant is in two parts.
fn normal_centre(square: vec2<f32>) -> vec2<f32> {
    let rest = (-1.17120449e-3 * square.x + 9.97280329e-3) * square.x - 6.64903671e-2;
    let y = fast_two_sum(0.398942292, square.x * rest);
    return vec2<f32>(y.x, opaque(y.y) - 1.13947909e-8);
}

// d/dx of x (Phi(x) - 1/2), without its factor x, by a fit of the same form.
fn normal_centre_slope(square: vec2<f32>) -> vec2<f32> {
    let rest = (-9.33461916e-3 * square.x + 5.98334745e-2) * square.x - 0.265961379;
    let y = fast_two_sum(0.797884583, square.x * rest);
    return vec2<f32>(y.x, opaque(y.y) - 2.33691075e-8);
}

// Mills' ratio e^(a^2/2) Phi(-a) for a = a.x + a.y in [0, 14.7], as P(t)/(1 + a) with t = (a - 4)/(a + 4). P is a
// minimax fit (2^-29). Its coefficients were rounded to f32 during the fit; the constant is in two parts. The last two
// steps carry their rounding errors. The rounding error of t counts as an error of a. It and a.y enter through Mills'
// differential equation M' = a M - phi(0).
fn mills_ratio(a: vec2<f32>) -> vec2<f32> {
    let n = two_sum(a.x, -4.0);
    let d = two_sum(a.x, 4.0);
    let t = opaque(n.x / d.x);
    let product = two_product(t, d.x);
    let off = ((guarded(n.x - product.x) - product.y) + (n.y - t * d.y)) * d.x * 0.125;
    let q = ((((((((-7.23231715e-5 * t - 6.20620776e-5) * t + 6.92559814e-4) * t - 3.02682747e-4) * t - 5.00396825e-3) * t + 1.79398898e-2) * t - 3.21973786e-2) * t + 2.86000278e-2) * t + 1.39996056e-2) * t;
    let linear = multiply(fast_two_sum(-0.0967034698, q), vec2<f32>(t, 0.0));
    let p = fast_two_sum(0.4720532, linear.x);
    let m = divide(vec2<f32>(p.x, opaque(p.y) + (linear.y + 6.71320244e-9)), two_sum(1.0, a.x));
    let slope = a.x * m.x - 0.398942292;
    return vec2<f32>(m.x, m.y + (off * (m.x / (1.0 + a.x) + slope) + a.y * slope));
}

// 1/sqrt(2 pi), the density of the normal distribution at 0, in two parts.
const NORMAL_PEAK: vec2<f32> = vec2<f32>(0.398942292, -1.1335170e-8);

// Phi(z) for |z| <= 20: by Mills' ratio away from 0, by a polynomial for |z| <= 1/4.
fn normal_cdf(z: vec2<f32>) -> f32 {
    let a = abs(z.x);
    let e = decay(-0.5 * multiply(z, z));
    let tail = multiply(mills_ratio(select(z, -z, z.x < 0.0)), e.mantissa);
    let tail_small = tail * power_of_two(max(e.k, -126));
    let right = add(vec2<f32>(1.0, 0.0), -tail_small);
    let c = clamp(z.x, -0.25, 0.25);
    let centre = add(vec2<f32>(0.5, 0.0), multiply(normal_centre(two_product(c, c)), vec2<f32>(c, z.y)));
    return select(select(right.x + right.y, scale_far(tail.x + tail.y, e.k), z.x < 0.0), centre.x + centre.y, a <= 0.25);
}

// An angle as a multiple of a quarter turn and a rest of at most an eighth of a turn either way.
struct Angle {
    rest: vec2<f32>,
    quarters: u32,
}

fn multiply_high(a: u32, b: u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let mixed = (a & 0xffffu) * (b >> 16u);
    let other = (a >> 16u) * (b & 0xffffu);
    let carry = (low >> 16u) + (mixed & 0xffffu) + (other & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (mixed >> 16u) + (other >> 16u) + (carry >> 16u);
}

// Four consecutive words, from `word` (at most 4) on, of a word of zeros and 224 bits of 2/pi after the point. They are
// chosen by selects: an array that each invocation indexes for itself would be put into memory.
fn four_words_of_two_over_pi(word: u32) -> vec4<u32> {
    let first = vec4<u32>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u);
    let last = vec4<u32>(0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu);
    let two_on = (word & 2u) != 0u;
    let even = select(first, vec4<u32>(first.zw, last.xy), two_on);
    let odd = vec4<u32>(even.yzw, select(last.x, last.z, two_on));
    return select(select(even, odd, (word & 1u) != 0u), last, word >= 4u);
}

fn negated(w: vec3<u32>) -> vec3<u32> {
    return vec3<u32>(~w.x + u32((w.y | w.z) == 0u), ~w.y + u32(w.z == 0u), 0u - w.z);
}

// Reduces every finite t, plus an eighth of a turn if `eighths` is 1.
fn reduce(t: f32, eighths: u32) -> Angle {
    if abs(t) > 4096.0 {
        return reduce_far(t, eighths << 29u);
    }
    // pi/4 in five parts (Cody & Waite 1980). The first four have 11 bits, and their multiples at most 24.
    let shift = f32(eighths);
    let quarters = round(t * 0.636619772 + 0.5 * shift);
    let n = 2.0 * quarters - shift;
    let first = two_sum(t, -n * 0.78515625);
    let second = two_sum(first.x, -n * 0.00024187564849853516);
    let third = two_sum(second.x, -n * 3.7747668102383614e-08);
    let fourth = two_sum(third.x, -n * 1.2816414596272807e-12);
    let low = (fourth.y - n * 3.0616171314629196e-17) + (first.y + second.y + third.y);
    return Angle(fast_two_sum(fourth.x, low), u32(i32(quarters)) & 3u);
}

fn quarter_turn_on(angle: Angle) -> Angle {
    return Angle(angle.rest, (angle.quarters + 1u) & 3u);
}

// Reduces t plus `offset`, in units of 2^-32 turns. The 24 bits of t are multiplied by the 96 bits of 2/pi that decide
// the fraction of a turn (Payne & Hanek 1983). Nothing is lost near a multiple of pi, where a difference of rounded
// products would cancel.
fn reduce_far(t: f32, offset: u32) -> Angle {
    let bits = bitcast<u32>(t);
    let exponent = (bits >> 23u) & 0xffu;
    let start = exponent - 120u;
    let w = four_words_of_two_over_pi(start >> 5u);
    let shift = start & 31u;
    let window = (w.xyz << vec3<u32>(shift)) | ((w.yzw >> vec3<u32>(1u)) >> vec3<u32>(31u - shift));
    let m = (bits & 0x7fffffu) | 0x800000u;
    let middle = m * window.y;
    let y = middle + multiply_high(m, window.z);
    let x = m * window.x + multiply_high(m, window.y) + u32(y < middle);
    let magnitude = vec3<u32>(x, y, m * window.z);
    let turn = select(magnitude, negated(magnitude), t < 0.0) + vec3<u32>(offset, 0u, 0u);
    let quarters = (turn.x + 0x20000000u) >> 30u;
    let signed_rest = vec3<u32>(turn.x - (quarters << 30u), turn.yz);
    let negative = signed_rest.x >= 0x80000000u;
    let rest = select(signed_rest, negated(signed_rest), negative);
    // Units of 2^-64 quarter turns, converted exactly, 24 bits at a time.
    let upper = (rest.x << 2u) | (rest.y >> 30u);
    let lower = (rest.y << 2u) | (rest.z >> 30u);
    let first = f32(upper >> 8u) * 5.9604644775390625e-8;
    let second = f32(((upper & 0xffu) << 16u) | (lower >> 16u)) * 3.5527136788005009e-15;
    let third = f32(lower & 0xffffu) * 5.421010862427522e-20;
    let sum = fast_two_sum(first, second);
    let radians = multiply(vec2<f32>(sum.x, sum.y + third), vec2<f32>(1.57079637, -4.37113883e-8));
    return Angle(select(radians, -radians, negative), quarters & 3u);
}

// The sine, from minimax fits of (r - sin r)/r^3 and (cos r - 1 + r^2/2)/r^4 for |r| <= pi/4.
fn sine_of(angle: Angle) -> vec2<f32> {
    let r = angle.rest;
    let square = two_product(r.x, r.x);
    let u = square.x;
    let s = ((-2.82710039e-6 * u + 1.98525857e-4) * u - 8.33337847e-3) * u + 0.166666672;
    let odd = fast_two_sum(r.x, -r.x * u * s);
    let sine = vec2<f32>(odd.x, odd.y + r.y * (1.0 - 0.5 * u));
    let c = (2.44325765e-5 * u - 1.38873106e-3) * u + 4.16666456e-2;
    let even = fast_two_sum(1.0, -0.5 * u);
    let cosine = vec2<f32>(even.x, even.y + (u * u * c - 0.5 * square.y - r.x * r.y * (1.0 - 0.16666667 * u)));
    let y = select(sine, cosine, (angle.quarters & 1u) == 1u);
    let sum = fast_two_sum(y.x, y.y);
    return select(sum, -sum, angle.quarters >= 2u);
}

// ln s for a normal s > 0 that is the exact sum of its parts. Near 1 the lower part decides.
fn logarithm(s: vec2<f32>) -> vec2<f32> {
    let k = i32(bitcast<u32>(s.x) >> 23u) - 127;
    let unit = vec2<f32>(scale(s.x, -k), scale(s.y, -k));
    let near = log1p_unit(two_sum(unit.x - 1.0, unit.y));
    let twos = f32(k);
    return add(add(near, vec2<f32>(twos * 0.693359375, 0.0)), two_product(twos, -2.12194440e-4));
}
