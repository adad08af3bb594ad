// Products that neither overflow nor vanish before their results do. All accuracies share these names.

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
    return guarded_product(first.x, last) + select(0.0, rest, is_finite(rest));
}

// a * b * c * d, likewise: the powers of two are multiplied last.
fn product_of_four(a: f32, b: f32, c: f32, d: f32) -> f32 {
    return value_of(product_of_four_scaled(a, b, c, d));
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

// a * b * c * d, where the product of b, c and d is rounded.
fn product_of_four_scaled(a: f32, b: f32, c: f32, d: f32) -> vec2<f32> {
    let d_k = exponent_of(d);
    let c_k = exponent_of(c);
    return product_of_three_scaled(a, b, (c * power_of_two(-c_k)) * (d * power_of_two(-d_k)), c_k + d_k);
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

// The value of a double-float. The lower part of an infinite one is NaN.
fn value_of(y: vec2<f32>) -> f32 {
    return select(y.x, y.x + y.y, is_finite(y.x));
}

// a * b as value * 2^k, for numbers of any size.
fn product_apart(a: f32, b: f32) -> Scaled {
    let a_k = exponent_of(a);
    let b_k = exponent_of(b);
    return Scaled(two_product(a * power_of_two(-a_k), b * power_of_two(-b_k)), a_k + b_k);
}

// x in units of 2^j, with 1 + alpha x^2 and its root, for alpha > 0. j is half of alpha's exponent, so that neither overflows. Beyond
// 2^60 both derivatives are 0.
struct IsruParts {
    x: f32,
    square: vec2<f32>,
    root: vec2<f32>,
    j: i32,
}

fn isru_parts(x: f32, alpha: f32) -> IsruParts {
    let j = exponent_of(alpha) >> 1u;
    let limit = power_of_two(60 - j);
    let c = clamp(x, -limit, limit) * power_of_two(j);
    let alpha_unit = alpha * power_of_two(-2 * j);
    // Its root is a factor three or five times.
    let square = precise_sum(vec2<f32>(1.0, 0.0), precise_product(two_product(c, c), vec2<f32>(alpha_unit, 0.0)));
    return IsruParts(c, square, square_root(square), j);
}

// x/sqrt(1 + alpha x^2). Near 0 it is x, which its unit may make subnormal.
fn isru_of(x: f32, alpha: f32) -> f32 {
    let h = isru_parts(x, alpha);
    let y = divide(vec2<f32>(h.x, 0.0), h.root);
    return select((y.x + y.y) * power_of_two(-h.j), x, abs(h.x) < 1e-5);
}

// (1 + alpha x^2)^(-3/2), with the powers of two apart.
fn isru_slope(x: f32, alpha: f32) -> f32 {
    let h = isru_parts(x, alpha);
    let square_k = exponent_of(h.square.x);
    let root_k = exponent_of(h.root.x);
    let cube = multiply(h.square * power_of_two(-square_k), h.root * power_of_two(-root_k));
    let y = divide_moderate(vec2<f32>(1.0, 0.0), cube);
    return scale(y.x + y.y, -square_k - root_k);
}

// (sqrt(pi)/2 erf(z) - z)/z by its series in u = z^2, for |z| <= 1/2.
fn error_series(u: f32) -> f32 {
    return (((((1.0683761e-4 * u - 7.5757576e-4) * u + 4.6296297e-3) * u - 2.3809524e-2) * u + 0.1) * u - 0.33333334) * u;
}
