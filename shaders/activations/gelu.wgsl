fn activation(x: f32, params: Params) -> f32 {
    return gelu_of(x);
}

fn derivative(x: f32, params: Params) -> f32 {
    return gelu_slope(x);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return gelu_curvature(x);
}
