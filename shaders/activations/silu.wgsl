fn activation(x: f32, params: Params) -> f32 {
    let z = clamp(x, -200.0, 200.0);
    return select(swish_product(z, vec2<f32>(z, 0.0)), x, x > 200.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    let z = vec2<f32>(clamp(x, -200.0, 200.0), 0.0);
    return swish_slope(z, z);
}
