fn activation(x: f32, params: Params) -> f32 {
    return 0.5 * (clamp(x, -1.0, 1.0) + 1.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(0.0, 0.5, abs(x) < 1.0);
}
