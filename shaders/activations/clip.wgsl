struct Params {
    min: f32,
    max: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return clamp(x, params.min, params.max);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(0.0, 1.0, x >= params.min && x <= params.max);
}
