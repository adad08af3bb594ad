struct Params {
    alpha: f32,
    beta: f32,
}

// Beyond 300 tanh is ±1. Its derivative is 0 there, even times the largest floats.
fn argument(x: f32, params: Params) -> vec2<f32> {
    return argument_of(params.beta, x, argument_limit(params.beta, 300.0), 300.0);
}

// alpha * beta without its power of two, for parameters of any size.
fn alpha_beta(params: Params) -> Scaled {
    let alpha_k = exponent_of(params.alpha);
    let beta_k = exponent_of(params.beta);
    let product = two_product(params.alpha * power_of_two(-alpha_k), params.beta * power_of_two(-beta_k));
    return Scaled(product, alpha_k + beta_k);
}

fn activation(x: f32, params: Params) -> f32 {
    let z = argument(x, params);
    let y = multiply(tanh_of(z), vec2<f32>(params.alpha, 0.0));
    // beta * x alone may be subnormal where the result is not.
    let slope = alpha_beta(params);
    let c = clamp(x, -LARGEST, LARGEST);
    let c_k = exponent_of(c);
    let near = scale_pair(multiply(slope.value, vec2<f32>(c * power_of_two(-c_k), 0.0)), slope.k + c_k);
    return select(y.x + y.y, near.x + near.y, abs(z.x) < 1e-15);
}

fn derivative(x: f32, params: Params) -> f32 {
    let slope = sech_squared(argument(x, params));
    let product = alpha_beta(params);
    let y = multiply(slope.value, product.value);
    return scale_far(y.x + y.y, clamp(slope.k + product.k, -378, 378));
}
