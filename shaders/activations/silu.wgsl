fn activation(x: f32, params: Params) -> f32 {
    let z = clamp(x, -200.0, 200.0);
    return select(swish_product(z, vec2<f32>(z, 0.0)), x, x > 200.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    let z = vec2<f32>(clamp(x, -200.0, 200.0), 0.0);
    return swish_slope(z, z);
}

// Above 0 the product with a quotient of 1 is x, even where x is infinite.
fn activation_plain(x: f32, params: Params) -> f32 {
    let e = decay(vec2<f32>(max(-abs(x), -200.0), 0.0));
    let y = max(x, -200.0) * (select(1.0, e.mantissa.x, x < 0.0) / (1.0 + e.small.x));
    return select(y, scale_tail(y, e.k), x < 0.0);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return swish_curvature(vec2<f32>(clamp(x, -200.0, 200.0), 0.0));
}
