struct Params {
    alpha: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return leaky(x, params.alpha);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(params.alpha, 1.0, x > 0.0);
}

fn gradient_by_alpha(x: f32, params: Params) -> Gradient {
    return Gradient(min(x, 0.0), 0);
}
