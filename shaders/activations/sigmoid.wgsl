fn activation(x: f32, params: Params) -> f32 {
    return scaled(logistic(vec2<f32>(clamp(x, -104.0, 104.0), 0.0)));
}

fn derivative(x: f32, params: Params) -> f32 {
    return scaled(logistic_derivative(vec2<f32>(clamp(x, -104.0, 104.0), 0.0)));
}

// A result below the normal floats may be 0, so the exponential need not be raised.
fn activation_plain(x: f32, params: Params) -> f32 {
    let e = raised_exponential(vec2<f32>(-min(abs(x), 104.0), 0.0), 0.0);
    return select(1.0, e, x < 0.0) / (1.0 + e);
}

fn derivative_plain(x: f32, params: Params) -> f32 {
    let e = raised_exponential(vec2<f32>(-min(abs(x), 104.0), 0.0), 0.0);
    let inverse = 1.0 / (1.0 + e);
    return e * inverse * inverse;
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return logistic_curvature(vec2<f32>(clamp(x, -104.0, 104.0), 0.0));
}
