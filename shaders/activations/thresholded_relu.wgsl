struct Params {
    theta: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return select(0.0, x, x > params.theta);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(0.0, 1.0, x > params.theta);
}
