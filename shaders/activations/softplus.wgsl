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

// (z logistic(z) - ln(1 + e^z))/beta^2, z = beta x, which is -(a e/(1 + e) + ln(1 + e))/beta^2 with a = |z| and e = e^-a:
// nothing cancels.
fn parameter_gradient(x: f32, params: Params) -> Params {
    let limit = argument_limit(params.beta);
    let z = two_product(params.beta, clamp(x, -limit, limit));
    let a = abs(z.x);
    let e = decay(select(z, -z, z.x > 0.0)).small;
    let level = log1p_unit(e);
    let sum = a * e.x / (1.0 + e.x) + (level.x + level.y);
    return Params(-(sum / params.beta) / params.beta);
}
