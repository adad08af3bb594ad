struct Params {
    alpha: f32,
    beta: f32,
}

fn angle(x: f32, params: Params) -> f32 {
    return opaque(params.alpha * x);
}

// sin(t) cos(t) for an angle, and sin(t), in units of 2^k: an angle that may be flushed has the sine alpha * x.
struct Turn {
    sine: vec2<f32>,
    cosine: vec2<f32>,
    k: i32,
}

fn turn(x: f32, params: Params) -> Turn {
    let t = angle(x, params);
    let turned = reduce(t, 0u);
    let s = sine_of(turned);
    let s_k = exponent_of(s.x);
    let alpha_k = exponent_of(params.alpha);
    let x_k = exponent_of(x);
    let small = two_product(params.alpha * power_of_two(-alpha_k), x * power_of_two(-x_k));
    let is_small = abs(t) < 1.17549435e-38;
    let sine = select(s * power_of_two(-s_k), small, is_small);
    return Turn(sine, sine_of(quarter_turn_on(turned)), select(s_k, alpha_k + x_k, is_small));
}

fn activation(x: f32, params: Params) -> f32 {
    let turned = turn(x, params);
    let beta_k = exponent_of(params.beta);
    let square = precise_product(turned.sine, turned.sine);
    let ripple = precise_quotient(square, vec2<f32>(params.beta * power_of_two(-beta_k), 0.0));
    let y = precise_sum(vec2<f32>(x, 0.0), scale_pair(ripple, 2 * turned.k - beta_k));
    return select(x, value_of(y), is_finite(x) && is_finite(angle(x, params)));
}

// 1 + 2 (alpha/beta) sin(t) cos(t).
fn derivative(x: f32, params: Params) -> f32 {
    let turned = turn(x, params);
    let alpha_k = exponent_of(params.alpha);
    let beta_k = exponent_of(params.beta);
    let ratio = divide(vec2<f32>(params.alpha * power_of_two(-alpha_k), 0.0), vec2<f32>(params.beta * power_of_two(-beta_k), 0.0));
    let product = multiply(multiply(turned.sine, turned.cosine), ratio);
    let y = add(vec2<f32>(1.0, 0.0), scale_pair(product, turned.k + alpha_k - beta_k + 1));
    return not_a_number_unless(is_finite(angle(x, params)), value_of(y));
}

// 2 x sin(t) cos(t)/beta.
fn gradient_by_alpha(x: f32, params: Params) -> Gradient {
    let turned = turn(x, params);
    let x_k = exponent_of(x);
    let beta_k = exponent_of(params.beta);
    let ratio = divide(vec2<f32>(x * power_of_two(-x_k), 0.0), vec2<f32>(params.beta * power_of_two(-beta_k), 0.0));
    let y = multiply(multiply(turned.sine, turned.cosine), ratio);
    return Gradient(not_a_number_unless(is_finite(angle(x, params)), y.x + y.y), turned.k + x_k - beta_k + 1);
}

// -(sin(t)/beta)^2.
fn gradient_by_beta(x: f32, params: Params) -> Gradient {
    let turned = turn(x, params);
    let beta_k = exponent_of(params.beta);
    let ratio = divide(turned.sine, vec2<f32>(params.beta * power_of_two(-beta_k), 0.0));
    let y = multiply(ratio, ratio);
    return Gradient(not_a_number_unless(is_finite(angle(x, params)), -(y.x + y.y)), 2 * (turned.k - beta_k));
}

// 2 alpha^2/beta cos(2t), as snake's.
fn second_derivative(x: f32, params: Params) -> Scaled {
    let t = angle(x, params);
    let turned = reduce(t, 1u);
    let y = multiply(sine_of(turned), sine_of(quarter_turn_on(turned)));
    let value = not_a_number_unless(is_finite(t), y.x);
    let curvature = scaled_times(scaled_times(Scaled(vec2<f32>(value, y.y), 2), params.alpha), params.alpha);
    return scaled_over(curvature, params.beta);
}
