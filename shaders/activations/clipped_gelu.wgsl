struct Params {
    min: f32,
    max: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return clamp(gelu_of(x), params.min, params.max);
}

fn derivative(x: f32, params: Params) -> f32 {
    let y = gelu_of(x);
    return select(0.0, gelu_slope(x), y > params.min && y < params.max);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let y = gelu_of(x);
    return scaled_select(FLAT, gelu_curvature(x), y > params.min && y < params.max);
}
