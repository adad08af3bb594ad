struct Params {
    alpha: f32,
    beta: f32,
}

// Beyond 300 tanh is ±1. Its derivative is 0 there, even times the largest floats.
fn argument(x: f32, params: Params) -> vec2<f32> {
    return argument_of(params.beta, x, argument_limit(params.beta, 300.0), 300.0);
}

fn activation(x: f32, params: Params) -> f32 {
    let z = argument(x, params);
    let y = multiply(tanh_of(z), vec2<f32>(params.alpha, 0.0));
    // beta * x alone may be subnormal where the result is not.
    let slope = product_apart(params.alpha, params.beta);
    let c = clamp(x, -LARGEST, LARGEST);
    let c_k = exponent_of(c);
    let near = scale_pair(multiply(slope.value, vec2<f32>(c * power_of_two(-c_k), 0.0)), slope.k + c_k);
    return select(y.x + y.y, near.x + near.y, abs(z.x) < 1e-15);
}

fn derivative(x: f32, params: Params) -> f32 {
    let slope = sech_squared(argument(x, params));
    let product = product_apart(params.alpha, params.beta);
    let y = multiply(slope.value, product.value);
    return scale_far(y.x + y.y, clamp(slope.k + product.k, -378, 378));
}

// Near 0 it is beta * x, which may be subnormal.
fn gradient_by_alpha(x: f32, params: Params) -> Gradient {
    let z = argument(x, params);
    let product = product_apart(params.beta, clamp(x, -LARGEST, LARGEST));
    let is_near = abs(z.x) < 1e-4;
    let y = select(tanh_of(z), product.value, is_near);
    return Gradient(y.x + y.y, select(0, product.k, is_near));
}

fn gradient_by_beta(x: f32, params: Params) -> Gradient {
    let slope = sech_squared(argument(x, params));
    let product = product_apart(params.alpha, clamp(x, -LARGEST, LARGEST));
    let y = multiply(slope.value, product.value);
    return Gradient(y.x + y.y, slope.k + product.k);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return scaled_tanh_curvature(argument(x, params), x, params.beta, params.alpha);
}
