struct Params {
    alpha: f32,
    beta: f32,
}

// Beyond 300 tanh is ±1, and its derivative 0 even times the largest floats.
fn argument(x: f32, params: Params) -> vec2<f32> {
    return argument_of(params.beta, x, argument_limit(params.beta, 300.0), 300.0);
}

fn activation(x: f32, params: Params) -> f32 {
    let z = argument(x, params);
    let y = multiply(tanh_of(z), vec2<f32>(params.alpha, 0.0));
    // beta * x alone may be subnormal where the result is not.
    return select(y.x + y.y, product_of_three(params.alpha, params.beta, x), abs(z.x) < 1e-15);
}

fn derivative(x: f32, params: Params) -> f32 {
    let slope = sech_squared(argument(x, params));
    let alpha_k = exponent_of(params.alpha);
    let beta_k = exponent_of(params.beta);
    let product = two_product(params.alpha * power_of_two(-alpha_k), params.beta * power_of_two(-beta_k));
    let y = multiply(slope.value, product);
    return scale_far(y.x + y.y, clamp(slope.k + alpha_k + beta_k, -378, 378));
}
