struct Params {
    scale: f32,
    bias: f32,
}

// The positive part and the scale lie in units of their own, because the square may leave the floats where the product does
// not.
fn activation(x: f32, params: Params) -> f32 {
    let a = clamp(x, 0.0, LARGEST);
    let k = exponent_of(a);
    let unit = power_of_two(-k);
    let scale_k = exponent_of(params.scale);
    let square = two_product(a * unit, a * unit);
    let product = multiply(square, vec2<f32>(params.scale * power_of_two(-scale_k), 0.0));
    let curve = scale_pair(product, 2 * k + scale_k);
    return value_of(add(curve, vec2<f32>(params.bias, 0.0)));
}

fn derivative(x: f32, params: Params) -> f32 {
    let a = select(max(x, 0.0), 0.0, params.scale == 0.0);
    // The 2 comes where neither product leaves the floats before the result does.
    return select(params.scale * (2.0 * a), 2.0 * (params.scale * a), a > 1.0);
}

fn gradient_by_scale(x: f32, params: Params) -> Gradient {
    let k = exponent_of(x);
    let a = clamp(x, 0.0, LARGEST) * power_of_two(-k);
    return Gradient(a * a, 2 * k);
}

fn gradient_by_bias(x: f32, params: Params) -> Gradient {
    return Gradient(1.0, 0);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return Scaled(vec2<f32>(select(0.0, params.scale, x > 0.0), 0.0), 1);
}
