fn activation(x: f32, params: Params) -> f32 {
    return max(x, 0.0) * max(x, 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    return 2.0 * max(x, 0.0);
}
