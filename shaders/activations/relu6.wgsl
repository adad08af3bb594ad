fn activation(x: f32, params: Params) -> f32 {
    return clamp(x, 0.0, 6.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(0.0, 1.0, x > 0.0 && x < 6.0);
}
