struct Params {
    threshold: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return select(0.0, 1.0, x >= params.threshold);
}

fn derivative(x: f32, params: Params) -> f32 {
    return 0.0;
}
