struct Params {
    lambda: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    let y = max(abs(x) - params.lambda, 0.0);
    return select(y, -y, x < 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(0.0, 1.0, abs(x) > params.lambda);
}
