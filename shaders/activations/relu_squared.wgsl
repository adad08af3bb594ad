fn activation(x: f32, params: Params) -> f32 {
    return max(x, 0.0) * max(x, 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    return 2.0 * max(x, 0.0);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return Scaled(vec2<f32>(select(0.0, 2.0, x > 0.0), 0.0), 0);
}
