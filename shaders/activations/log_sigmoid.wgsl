fn activation(x: f32, params: Params) -> f32 {
    return -softplus_of(-x, 1.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    return scaled(logistic(vec2<f32>(-clamp(x, -104.0, 104.0), 0.0)));
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let y = logistic_derivative(vec2<f32>(clamp(x, -104.0, 104.0), 0.0));
    return Scaled(-y.value, y.k);
}
