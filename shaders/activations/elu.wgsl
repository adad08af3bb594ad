struct Params {
    alpha: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    let y = multiply_by(expm1_negative(vec2<f32>(min(x, 0.0), 0.0)), params.alpha);
    return select(y.x + y.y, x, x > 0.0);
}

// alpha is halved: the mantissa is up to 1.41, and its product with alpha must not overflow before the scaling.
fn derivative(x: f32, params: Params) -> f32 {
    let e = decay(vec2<f32>(clamp(x, -200.0, 0.0), 0.0));
    let y = multiply(e.mantissa, vec2<f32>(0.5 * params.alpha, 0.0));
    return select(scale_decay(y.x + y.y, e.k + 1), 1.0, x > 0.0);
}

// Here the exponential is at most 1.
fn derivative_plain(x: f32, params: Params) -> f32 {
    let e = decay(vec2<f32>(clamp(x, -200.0, 0.0), 0.0));
    return select(scale_decay(e.mantissa.x * params.alpha, e.k), 1.0, x > 0.0);
}

fn gradient_by_alpha(x: f32, params: Params) -> Gradient {
    let y = expm1_negative(vec2<f32>(min(x, 0.0), 0.0));
    return Gradient(y.x + y.y, 0);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let e = exponential_scaled(vec2<f32>(clamp(x, -200.0, 0.0), 0.0));
    return scaled_select(scaled_times(e, params.alpha), FLAT, x > 0.0);
}
