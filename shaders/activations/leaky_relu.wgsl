struct Params {
    negative_slope: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return leaky(x, params.negative_slope);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(params.negative_slope, 1.0, x > 0.0);
}

fn gradient_by_negative_slope(x: f32, params: Params) -> Gradient {
    return Gradient(min(x, 0.0), 0);
}
