struct Params {
    alpha: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return isru_of(x, params.alpha);
}

fn derivative(x: f32, params: Params) -> f32 {
    return isru_slope(x, params.alpha);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return isru_curvature(x, params.alpha);
}
