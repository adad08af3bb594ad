struct Params {
    alpha: f32,
    gamma: f32,
    beta: f32,
}

// Beyond 300 tanh is ±1. Its derivative is 0 there, even times the largest floats.
fn argument(x: f32, params: Params) -> vec2<f32> {
    return argument_of(params.alpha, x, argument_limit(params.alpha, 300.0), 300.0);
}

// gamma tanh(z) without its power of two. Beyond 20 tanh is ±1, where gamma and beta may cancel. Near 0 it is alpha * x, which
// may be subnormal where the product with gamma is not.
fn curve(x: f32, params: Params) -> Scaled {
    let z = argument(x, params);
    let c = clamp(x, -LARGEST, LARGEST);
    let c_k = exponent_of(c);
    let slope = product_apart(params.alpha, params.gamma);
    let near = multiply(slope.value, vec2<f32>(c * power_of_two(-c_k), 0.0));
    let k = exponent_of(params.gamma);
    let gamma = params.gamma * power_of_two(-k);
    let middle = multiply(tanh_of(z), vec2<f32>(gamma, 0.0));
    let far = vec2<f32>(select(gamma, -gamma, z.x < 0.0), 0.0);
    let is_near = abs(z.x) < 1e-15;
    return Scaled(select(select(middle, near, is_near), far, abs(z.x) > 20.0), select(k, slope.k + c_k, is_near));
}

// The sum lies in units of its larger term, because the errors of tiny products are left out.
fn activation(x: f32, params: Params) -> f32 {
    let term = curve(x, params);
    let beta_k = exponent_of(params.beta);
    let k = select(max(term.k, beta_k), beta_k, term.value.x == 0.0);
    let beta = vec2<f32>(params.beta * power_of_two(-beta_k), 0.0);
    let y = add(scale_pair(term.value, term.k - k), scale_pair(beta, beta_k - k));
    return scale_far(y.x + y.y, clamp(k, -378, 378));
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

fn second_derivative(x: f32, params: Params) -> Scaled {
    return scaled_tanh_curvature(argument(x, params), x, params.alpha, params.gamma);
}
