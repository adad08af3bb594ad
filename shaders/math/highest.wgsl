// Functions with errors of about one unit in the last place. WGSL's own exp, tanh and log may be wrong by tens of units,
// and WGSL has no expm1, log1p or normal distribution. So these are built here from +, -, *, / alone.
//
// `fast.wgsl` and `sixteen.wgsl` declare the same names.

fn multiply(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return precise_product(a, b);
}

fn add(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return precise_sum(a, b);
}

fn divide(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    return precise_quotient(n, d);
}

// n / d by the inverse of d, whose error the remainder shows. Unlike `divide` it needs |d| between 2^-100 and 2^100.
fn divided_by_inverse(n: vec2<f32>, d: vec2<f32>, inverse: f32) -> vec2<f32> {
    let quotient = product_of(n.x, inverse);
    let remainder = remainder_of(n.x, quotient, d.x) + (n.y - quotient * d.y);
    return vec2<f32>(quotient, remainder * inverse);
}

// n / d for a moderate d.
fn divide_moderate(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    return divided_by_inverse(n, d, 1.0 / d.x);
}

// n / d^2 for a moderate d.
fn divide_twice(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    let inverse = 1.0 / d.x;
    return divided_by_inverse(divided_by_inverse(n, d, inverse), d, inverse);
}

// n / d^3 for a moderate d.
fn divide_thrice(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    return divide_moderate(divide_twice(n, d), d);
}

// sqrt(q) for q > 0. The rounded root leaves a remainder, which is divided by twice the root.
fn square_root(q: vec2<f32>) -> vec2<f32> {
    let root = opaque(sqrt(q.x));
    return vec2<f32>(root, (remainder_of(q.x, root, root) + q.y) / (2.0 * root));
}

fn multiply_by(a: vec2<f32>, parameter: f32) -> vec2<f32> {
    return precise_product_with(a, parameter);
}

fn scaled(n: Scaled) -> f32 {
    return lowered(n.value.x + n.value.y, n.k);
}

// value * 2^k for the exponent of a decay, and a moderate value.
fn scale_tail(value: f32, k: i32) -> f32 {
    return scale_far(value, k);
}

// The same for a value of any size.
fn scale_decay(value: f32, k: i32) -> f32 {
    return scale_far(value, k);
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
    let b = product_of(k, -2.12194440e-4);
    let r = opaque(a - b);
    let r_low = (guarded(a - r) - b) + x.y;
    let v = fast_two_sum(r, r * r * exponential_rest(r));
    return Exponential(vec2<f32>(v.x, v.y + (r_low + r_low * v.x)), i32(k));
}

fn one_plus(v: vec2<f32>) -> vec2<f32> {
    let sum = fast_two_sum(1.0, v.x);
    return vec2<f32>(sum.x, sum.y + v.y);
}

// e^x without its power of two.
fn exponential_scaled(x: vec2<f32>) -> Scaled {
    let e = exponential(x);
    return Scaled(one_plus(e.v), e.k);
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

// e^x - 1 for x <= 0. Where the exponential has a power of two of its own, below -ln 2/2, little cancels.
fn expm1_negative(x: vec2<f32>) -> vec2<f32> {
    let e = decay(vec2<f32>(max(x.x, -104.0), x.y)).small;
    let far = fast_two_sum(-1.0, e.x);
    return select(vec2<f32>(far.x, far.y + e.y), expm1_near(x), x.x > -0.34657359);
}

fn precise_expm1_negative(x: vec2<f32>) -> vec2<f32> {
    return expm1_negative(x);
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

// 1/(1 + e^-z) for |z| <= 200. Only e^-|z| is formed; for z < 0 its power of two is left to the end.
fn logistic(z: vec2<f32>) -> Scaled {
    let negative = z.x < 0.0;
    let e = decay(select(-z, z, negative));
    let numerator = select(vec2<f32>(1.0, 0.0), e.mantissa, negative);
    return Scaled(divide_moderate(numerator, one_plus(e.small)), select(0, e.k, negative));
}

// e^-|z| / (1 + e^-|z|)^2, the derivative of the logistic function, formed without 1 - y.
fn logistic_derivative(z: vec2<f32>) -> Scaled {
    let e = decay(select(z, -z, z.x > 0.0));
    let d = one_plus(e.small);
    return Scaled(divide_twice(e.mantissa, d), e.k);
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
    let q = divide_moderate(2.0 * e, one_plus(e));
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
    let slope = divide_twice(select(right, left, negative), d);
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
    let off = (remainder_of(n.x, t, d.x) + (n.y - t * d.y)) * d.x * 0.125;
    let q = ((((((((-7.23231715e-5 * t - 6.20620776e-5) * t + 6.92559814e-4) * t - 3.02682747e-4) * t - 5.00396825e-3) * t + 1.79398898e-2) * t - 3.21973786e-2) * t + 2.86000278e-2) * t + 1.39996056e-2) * t;
    let linear = multiply(fast_two_sum(-0.0967034698, q), vec2<f32>(t, 0.0));
    let p = fast_two_sum(0.4720532, linear.x);
    let m = divide_moderate(vec2<f32>(p.x, opaque(p.y) + (linear.y + 6.71320244e-9)), two_sum(1.0, a.x));
    let slope = a.x * m.x - 0.398942292;
    return vec2<f32>(m.x, m.y + (off * (m.x / (1.0 + a.x) + slope) + a.y * slope));
}

// 1/sqrt(2 pi), the density of the normal distribution at 0, in two parts.
const NORMAL_PEAK: vec2<f32> = vec2<f32>(0.398942292, -1.1335170e-8);

// Phi(z) for |z| <= 20: by Mills' ratio away from 0, by a polynomial for |z| <= 1/4.
fn normal_cdf(z: vec2<f32>) -> f32 {
    let a = abs(z.x);
    let e = decay(-0.5 * precise_product(z, z));
    let tail = multiply(mills_ratio(select(z, -z, z.x < 0.0)), e.mantissa);
    let tail_small = tail * power_of_two(max(e.k, -126));
    let right = add(vec2<f32>(1.0, 0.0), -tail_small);
    let c = clamp(z.x, -0.25, 0.25);
    let centre = add(vec2<f32>(0.5, 0.0), multiply(normal_centre(two_product(c, c)), vec2<f32>(c, z.y)));
    return select(select(right.x + right.y, scale_far(tail.x + tail.y, e.k), z.x < 0.0), centre.x + centre.y, a <= 0.25);
}

// x Phi(x), by Mills' ratio away from 0, by a polynomial for |x| <= 1/4.
fn gelu_of(x: f32) -> f32 {
    let c = clamp(x, -15.0, 15.0);
    let a = abs(c);
    let e = gaussian_decay(a);
    let tail = multiply(mills_ratio(vec2<f32>(a, 0.0)), e.mantissa);
    let tail_small = tail * power_of_two(max(e.k, -126));
    let body = add(vec2<f32>(1.0, 0.0), -tail_small);
    let outer = multiply(select(body, tail, x < 0.0), vec2<f32>(c, 0.0));
    let near = vec2<f32>(clamp(c, -0.25, 0.25), 0.0);
    let centre = multiply(add(vec2<f32>(0.5, 0.0), multiply(normal_centre(two_product(near.x, near.x)), near)), near);
    let far = lowered(outer.x + outer.y, select(0, e.k, x < 0.0));
    return select(select(far, centre.x + centre.y, a <= 0.25), x, x > 15.0);
}

// d/dx of x Phi(x), which is Phi(x) + x phi(x). With a = |x| it is e^(-a^2/2) (M(a) - a phi(0)) below 0, and 1 minus that above.
fn gelu_slope(x: f32) -> f32 {
    let c = clamp(x, -15.0, 15.0);
    let a = abs(c);
    let e = gaussian_decay(a);
    let density = multiply(NORMAL_PEAK, vec2<f32>(a, 0.0));
    let tail = multiply(add(mills_ratio(vec2<f32>(a, 0.0)), -density), e.mantissa);
    let tail_small = tail * power_of_two(max(e.k, -126));
    let body = add(vec2<f32>(1.0, 0.0), -tail_small);
    let near = clamp(c, -0.25, 0.25);
    let linear = multiply(normal_centre_slope(two_product(near, near)), vec2<f32>(near, 0.0));
    let centre = add(vec2<f32>(0.5, 0.0), linear);
    let outer = select(body.x + body.y, lowered(tail.x + tail.y, e.k), x < 0.0);
    return select(outer, centre.x + centre.y, a <= 0.25);
}

// 2/sqrt(pi) in two parts.
const TWO_OVER_ROOT_PI: vec2<f32> = vec2<f32>(1.12837923, -5.8635383e-8);

// erf(z) for |z| <= 10, as 1 - 2 e^(-z^2) M(sqrt(2) |z|) with Mills' ratio M, and by its series for |z| <= 1/2.
fn error_function(z: vec2<f32>) -> vec2<f32> {
    let positive = select(z, -z, z.x < 0.0);
    let a = precise_product(positive, vec2<f32>(1.41421354, 2.4203236e-8));
    let e = decay(-precise_product(z, z)).small;
    let far = add(vec2<f32>(1.0, 0.0), -2.0 * multiply(mills_ratio(a), e));
    let t = min(positive.x, 0.5);
    let u = t * t;
    let series = fast_two_sum(t, t * error_series(u));
    let near = multiply(vec2<f32>(series.x, series.y + positive.y * (1.0 - u)), TWO_OVER_ROOT_PI);
    let y = select(far, near, positive.x <= 0.5);
    return select(y, -y, z.x < 0.0);
}

// The sine, from minimax fits of (r - sin r)/r^3 and (cos r - 1 + r^2/2)/r^4 for |r| <= pi/4.
fn sine_of(angle: Angle) -> vec2<f32> {
    let r = angle.rest;
    let square = two_product(r.x, r.x);
    let u = square.x;
    let s = fast_two_sum(0.166666672, ((-2.82710039e-6 * u + 1.98525857e-4) * u - 8.33337847e-3) * u);
    let cubic = multiply(multiply(square, vec2<f32>(r.x, 0.0)), vec2<f32>(s.x, opaque(s.y)));
    let odd = fast_two_sum(r.x, -cubic.x);
    let sine = vec2<f32>(odd.x, odd.y + (r.y * (1.0 - 0.5 * u) - cubic.y));
    let c = (2.44325765e-5 * u - 1.38873106e-3) * u + 4.16666456e-2;
    let even = fast_two_sum(1.0, -0.5 * u);
    let cosine = vec2<f32>(even.x, even.y + (u * u * c - 0.5 * square.y - r.x * r.y * (1.0 - 0.16666667 * u)));
    let y = select(sine, cosine, (angle.quarters & 1u) == 1u);
    let sum = fast_two_sum(y.x, y.y);
    return select(sum, -sum, angle.quarters >= 2u);
}
