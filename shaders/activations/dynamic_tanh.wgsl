struct Params {
    alpha: f32,
    gamma: f32,
    beta: f32,
}

// Beyond 300 tanh is ±1. Its derivative is 0 there, even times the largest floats.
fn argument(x: f32, params: Params) -> vec2<f32> {
    return argument_of(params.alpha, x, argument_limit(params.alpha, 300.0), 300.0);
}

// a * b as value * 2^k, for numbers of any size.
fn product_apart(a: f32, b: f32) -> Scaled {
    let a_k = exponent_of(a);
    let b_k = exponent_of(b);
    return Scaled(two_product(a * power_of_two(-a_k), b * power_of_two(-b_k)), a_k + b_k);
}

fn activation(x: f32, params: Params) -> f32 {
    let z = argument(x, params);
    // alpha * x alone may be subnormal where the product with gamma is not.
    let slope = product_apart(params.alpha, params.gamma);
    let c = clamp(x, -LARGEST, LARGEST);
    let c_k = exponent_of(c);
    let near = scale_pair(multiply(slope.value, vec2<f32>(c * power_of_two(-c_k), 0.0)), slope.k + c_k);
    let curve = select(multiply(tanh_of(z), vec2<f32>(params.gamma, 0.0)), near, abs(z.x) < 1e-15);
    return value_of(add(curve, vec2<f32>(params.beta, 0.0)));
}

fn derivative(x: f32, params: Params) -> f32 {
    let slope = sech_squared(argument(x, params));
    let product = product_apart(params.alpha, params.gamma);
    let y = multiply(slope.value, product.value);
    return scale_far(y.x + y.y, clamp(slope.k + product.k, -378, 378));
}

fn gradient_by_alpha(x: f32, params: Params) -> Gradient {
    let slope = sech_squared(argument(x, params));
    let product = product_apart(params.gamma, clamp(x, -LARGEST, LARGEST));
    let y = multiply(slope.value, product.value);
    return Gradient(y.x + y.y, slope.k + product.k);
}

// Near 0 it is alpha * x, which may be subnormal.
fn gradient_by_gamma(x: f32, params: Params) -> Gradient {
    let z = argument(x, params);
    let product = product_apart(params.alpha, clamp(x, -LARGEST, LARGEST));
    let is_near = abs(z.x) < 1e-4;
    let y = select(tanh_of(z), product.value, is_near);
    return Gradient(y.x + y.y, select(0, product.k, is_near));
}

fn gradient_by_beta(x: f32, params: Params) -> Gradient {
    return Gradient(1.0, 0);
}
