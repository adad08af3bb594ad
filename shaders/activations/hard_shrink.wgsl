struct Params {
    lambda: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return select(0.0, x, abs(x) > params.lambda);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(0.0, 1.0, abs(x) > params.lambda);
}
