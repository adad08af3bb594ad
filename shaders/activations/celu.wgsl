struct Params {
    alpha: f32,
}

// x/alpha with its rounding error, for x <= 0. Beyond 200 the exponential is 0 or infinite. If alpha is small, both are
// scaled up, because two_product leaves out the errors of tiny products.
fn argument(x: f32, params: Params) -> vec2<f32> {
    let limit = select(200.0 * abs(params.alpha), LARGEST, abs(params.alpha) > 1e36);
    let unit = select(1.0, power_of_two(64), abs(params.alpha) < 1e-16);
    let z = precise_quotient(vec2<f32>(clamp(x, -limit, 0.0) * unit, 0.0), vec2<f32>(params.alpha * unit, 0.0));
    let far = vec2<f32>(select(-200.0, 200.0, params.alpha < 0.0), 0.0);
    return select(far, z, x >= 0.0 || is_finite(x));
}

fn activation(x: f32, params: Params) -> f32 {
    let z = argument(x, params);
    let e = expm1_of(z);
    let alpha_k = exponent_of(params.alpha);
    let y = multiply(e.value, vec2<f32>(params.alpha * power_of_two(-alpha_k), 0.0));
    // x/alpha alone may be subnormal and flushed where x is not.
    return select(scale_far(y.x + y.y, min(e.k + alpha_k, 378)), x, x > 0.0 || abs(z.x) < 1e-8);
}

fn derivative(x: f32, params: Params) -> f32 {
    let e = exponential_scaled(argument(x, params));
    return select(scale_far(e.value.x + e.value.y, e.k), 1.0, x > 0.0);
}

// e^z - 1 - z e^z for x < 0. The difference cancels near 0; there it is -z^2 (1/2 + z P(z)), a minimax fit.
fn gradient_by_alpha(x: f32, params: Params) -> Gradient {
    let z = argument(x, params);
    let c = clamp(z.x, -0.5, 0.5);
    let rest = (((((1.67330254e-5 * c + 1.74541972e-4) * c + 1.19288871e-3) * c + 6.94436347e-3) * c + 3.33330221e-2) * c + 0.125) * c;
    // The last product keeps its error, which alone would be half a unit of the result.
    let p = multiply(fast_two_sum(0.333333343, rest), vec2<f32>(c, 0.0));
    let e = exponential_scaled(z);
    let raised = multiply(e.value, add(vec2<f32>(1.0, 0.0), -z));
    let is_near = abs(z.x) < 0.5;
    // Powers of two are kept apart: the square of a small quotient, and its lower part, would be flushed.
    let below = min(x, 0.0);
    let x_k = exponent_of(below);
    let alpha_k = exponent_of(params.alpha);
    let t = divide(vec2<f32>(below * power_of_two(-x_k), 0.0), vec2<f32>(params.alpha * power_of_two(-alpha_k), 0.0));
    let near = -multiply(multiply(t, t), add(vec2<f32>(0.5, 0.0), p));
    // In a large value the 1 is lost.
    let is_large = e.k > 30;
    let far = add(scale_pair(raised, min(e.k, 30)), vec2<f32>(-1.0, 0.0));
    let value = select(select(far.x + far.y, raised.x + raised.y, is_large), near.x + near.y, is_near);
    return Gradient(value, select(select(0, e.k, is_large), 2 * (x_k - alpha_k), is_near));
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return scaled_select(scaled_over(exponential_scaled(argument(x, params)), params.alpha), FLAT, x > 0.0);
}
