fn activation(x: f32, params: Params) -> f32 {
    let y = tanh_of(vec2<f32>(x, 0.0));
    return y.x + y.y;
}

fn derivative(x: f32, params: Params) -> f32 {
    return scaled(sech_squared(vec2<f32>(clamp(x, -60.0, 60.0), 0.0)));
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return tanh_curvature(vec2<f32>(clamp(x, -60.0, 60.0), 0.0));
}
