struct Params {
    beta: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return softplus_of(x, params.beta);
}

fn derivative(x: f32, params: Params) -> f32 {
    let limit = argument_limit(params.beta);
    let y = logistic(two_product(params.beta, clamp(x, -limit, limit)));
    return scale_far(y.value.x + y.value.y, y.k);
}
