struct Params {
    alpha: f32,
    beta: f32,
}

// Beyond 100 tanh is ±1 and its derivative 0.
fn clamped(x: f32, params: Params) -> f32 {
    let limit = 0.5 * argument_limit(params.beta);
    return clamp(x, -limit, limit);
}

fn activation(x: f32, params: Params) -> f32 {
    let c = clamped(x, params);
    let z = two_product(params.beta, c);
    let y = multiply(tanh_of(z), vec2<f32>(params.alpha, 0.0));
    // beta * x alone may be subnormal where the result is not.
    return select(y.x + y.y, params.alpha * params.beta * c, abs(z.x) < 1e-15);
}

fn derivative(x: f32, params: Params) -> f32 {
    let slope = sech_squared(two_product(params.beta, clamped(x, params)));
    let y = multiply(slope.value, two_product(params.alpha, params.beta));
    return scale_far(y.x + y.y, slope.k);
}
