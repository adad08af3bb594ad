struct Params {
    alpha: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return select(isru_of(x, params.alpha), x, x >= 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(isru_slope(x, params.alpha), 1.0, x >= 0.0);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return scaled_select(isru_curvature(x, params.alpha), FLAT, x >= 0.0);
}
