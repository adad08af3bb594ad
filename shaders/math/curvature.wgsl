// Second derivatives that several activations share, as value * 2^k. All accuracies share these names.

const FLAT: Scaled = Scaled(vec2<f32>(0.0, 0.0), 0);

// n with a value of about 1: the errors of tiny products are left out.
fn normalized(n: Scaled) -> Scaled {
    let k = exponent_of(n.value.x);
    return Scaled(n.value * power_of_two(-k), n.k + k);
}

fn scaled_number(x: f32) -> Scaled {
    return normalized(Scaled(vec2<f32>(x, 0.0), 0));
}

// n times a number of any size.
fn scaled_times(n: Scaled, factor: f32) -> Scaled {
    let unit = normalized(n);
    let k = exponent_of(factor);
    return Scaled(multiply(unit.value, vec2<f32>(factor * power_of_two(-k), 0.0)), unit.k + k);
}

// 0 where n is below half the least float, as it is beyond the clamps of arguments: large factors must not raise it again.
fn vanished(n: Scaled) -> Scaled {
    let unit = normalized(n);
    return Scaled(select(unit.value, vec2<f32>(0.0), unit.k < -150), unit.k);
}

// a * b * n. It is 0 where n is, for every finite a and b.
fn product_with_scaled(a: f32, b: f32, n: Scaled) -> f32 {
    let unit = normalized(n);
    let a_k = exponent_of(a);
    let b_k = exponent_of(b);
    let product = (a * power_of_two(-a_k)) * (b * power_of_two(-b_k));
    return scale_far((unit.value.x + unit.value.y) * product, clamp(unit.k + a_k + b_k, -378, 378));
}

fn scaled_over(n: Scaled, divisor: f32) -> Scaled {
    let unit = normalized(n);
    let k = exponent_of(divisor);
    return Scaled(divide(unit.value, vec2<f32>(divisor * power_of_two(-k), 0.0)), unit.k - k);
}

// n / d^3 for d of any size.
fn over_cube(n: vec2<f32>, d: vec2<f32>) -> Scaled {
    let k = exponent_of(d.x);
    let unit = d * power_of_two(-k);
    return Scaled(divide_moderate(divide_twice(n, unit), unit), -3 * k);
}

fn scaled_select(first: Scaled, second: Scaled, condition: bool) -> Scaled {
    return Scaled(select(first.value, second.value, condition), select(first.k, second.k, condition));
}

// e^x for x <= 0 with its own power of two at every accuracy: a parameter may be a factor of any size.
fn far_decay(x: vec2<f32>) -> Decay {
    let e = exponential_scaled(x);
    return Decay(e.value, e.k, e.value * power_of_two(max(e.k, -126)));
}

// The second derivative of the logistic function: e (e - 1)/(1 + e)^3 with e = e^-|z| above 0, and its negative below.
fn logistic_curvature(z: vec2<f32>) -> Scaled {
    let is_above = z.x > 0.0;
    let negative = select(z, -z, is_above);
    let e = far_decay(negative);
    let d = one_plus(e.small);
    let y = divide_moderate(divide_twice(multiply(e.mantissa, expm1_negative(negative)), d), d);
    return Scaled(select(-y, y, is_above), e.k);
}

// The second derivative of tanh, which is 2 logistic(2z) - 1. Near 0 it is -2z.
fn tanh_curvature(z: vec2<f32>) -> Scaled {
    let curvature = logistic_curvature(2.0 * z);
    return scaled_select(Scaled(curvature.value, curvature.k + 3), Scaled(-2.0 * z, 0), abs(z.x) < 1e-12);
}

// That of factor * tanh(z) for z = rate * x, which may be subnormal where the result is not.
fn scaled_tanh_curvature(z: vec2<f32>, x: f32, rate: f32, factor: f32) -> Scaled {
    let near = scaled_times(scaled_number(-2.0 * clamp(x, -1e38, 1e38)), rate);
    let curvature = scaled_select(tanh_curvature(z), near, abs(z.x) < 1e-15);
    return scaled_times(scaled_times(scaled_times(curvature, factor), rate), rate);
}

// 2 logistic'(z) + z logistic''(z), of which the second derivative of x logistic(z) is a multiple. It is even. With e = e^-|z|
// it is e (2 - |z| + (2 + |z|) e)/(1 + e)^3.
fn swish_curvature(z: vec2<f32>) -> Scaled {
    let a = select(z, -z, z.x < 0.0);
    let e = far_decay(-a);
    let d = precise_sum(vec2<f32>(1.0, 0.0), e.small);
    let difference = two_sum(2.0, -a.x);
    let factor = add(vec2<f32>(difference.x, difference.y - a.y), multiply(e.small, add(vec2<f32>(2.0, 0.0), a)));
    return Scaled(divide_thrice(multiply(e.mantissa, factor), d), e.k);
}

// a - b^2 for a b^2 that is about a: one float holds what is left.
fn less_square(a: f32, b: f32) -> vec2<f32> {
    let rest = precise_sum(vec2<f32>(a, 0.0), -two_product(b, b));
    return fast_two_sum(rest.x, rest.y);
}

// That of x Phi(x): (2 - x^2) phi(x).
fn gelu_curvature(x: f32) -> Scaled {
    let c = clamp(x, -15.0, 15.0);
    let e = gaussian_decay(abs(c));
    return Scaled(multiply(multiply(e.mantissa, less_square(2.0, c)), NORMAL_PEAK), e.k);
}

// That of x/sqrt(1 + alpha x^2): -3 alpha x (1 + alpha x^2)^(-5/2).
fn isru_curvature(x: f32, alpha: f32) -> Scaled {
    let h = isru_parts(x, alpha);
    let factor = vec2<f32>(alpha * power_of_two(-2 * h.j), 0.0);
    let square = fast_two_sum(h.square.x, h.square.y);
    let root = square_root(square);
    let square_k = exponent_of(square.x);
    let root_k = exponent_of(root.x);
    let x_k = exponent_of(h.x);
    let product = precise_product(two_product(-3.0, h.x * power_of_two(-x_k)), factor);
    let n = fast_two_sum(product.x, product.y);
    let y = divide_moderate(divide_twice(n, square * power_of_two(-square_k)), root * power_of_two(-root_k));
    return Scaled(y, h.j + x_k - 2 * square_k - root_k);
}
