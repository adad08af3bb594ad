struct Params {
    lambda: f32,
    bias: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return select(0.0, select(x - params.bias, x + params.bias, x < 0.0), abs(x) > params.lambda);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(0.0, 1.0, abs(x) > params.lambda);
}
