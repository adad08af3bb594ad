struct Params {
    mu: f32,
    sigma: f32,
}

// (x - mu)/sigma with its rounding error, where the result is neither 0 nor 1. The unit keeps large differences from
// overflowing, and the errors of small ones from being left out. The terms are opaque, because compilers factor the
// unit out of the difference.
fn argument(x: f32, params: Params) -> vec2<f32> {
    let size = max(max(abs(x), abs(params.mu)), params.sigma);
    let unit = select(select(1.0, power_of_two(64), size < 1e-16), power_of_two(-8), size > 1e36);
    let sigma = max(params.sigma * unit, 1e-37);
    let reach = 20.0 * sigma;
    let distance = two_sum(opaque(clamp(x, -LARGEST, LARGEST) * unit), -opaque(params.mu * unit));
    let inside = abs(distance.x) < reach;
    let near = select(vec2<f32>(clamp(distance.x, -reach, reach), 0.0), distance, inside);
    let z = precise_quotient(near, vec2<f32>(sigma, 0.0));
    return select(vec2<f32>(select(-20.0, 20.0, x > 0.0), 0.0), z, is_finite(x));
}

fn activation(x: f32, params: Params) -> f32 {
    return normal_cdf(argument(x, params));
}

fn derivative(x: f32, params: Params) -> f32 {
    let z = argument(x, params);
    let e = decay(-0.5 * precise_product(z, z));
    let y = divide(multiply(e.mantissa, NORMAL_PEAK), vec2<f32>(params.sigma, 0.0));
    return scale_decay(y.x + y.y, e.k);
}

// The derivative without its power of two, for a sigma of any size.
fn density(z: vec2<f32>, params: Params) -> Scaled {
    let e = decay(-0.5 * precise_product(z, z));
    let k = exponent_of(params.sigma);
    let sigma = vec2<f32>(params.sigma * power_of_two(-k), 0.0);
    return Scaled(divide(multiply(e.mantissa, NORMAL_PEAK), sigma), e.k - k);
}

fn gradient_by_mu(x: f32, params: Params) -> Gradient {
    let y = density(argument(x, params), params);
    return Gradient(-(y.value.x + y.value.y), y.k);
}

// -z times the derivative. A small z is raised, because the errors of tiny products are left out.
fn gradient_by_sigma(x: f32, params: Params) -> Gradient {
    let z = argument(x, params);
    let k = exponent_of(z.x);
    let slope = density(z, params);
    let y = multiply(slope.value, z * power_of_two(-k));
    return Gradient(-(y.x + y.y), slope.k + k);
}

// -z phi(z)/sigma^2. Twice the argument by twice sigma reaches twice as far, to where it counts if sigma is small.
fn second_derivative(x: f32, params: Params) -> Scaled {
    let near = argument(x, params);
    let far = 2.0 * argument(x, Params(params.mu, 2.0 * min(params.sigma, 1e38)));
    let z = select(far, near, abs(near.x) < 19.0);
    let e = exponential_scaled(-0.5 * precise_product(z, z));
    let k = exponent_of(z.x);
    let product = precise_product(precise_product(e.value, NORMAL_PEAK), -z * power_of_two(-k));
    let slope = scaled_over(Scaled(fast_two_sum(product.x, product.y), e.k + k), params.sigma);
    return scaled_over(slope, params.sigma);
}
