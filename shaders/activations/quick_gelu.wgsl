// 1.702 in two parts.
const RATE: vec2<f32> = vec2<f32>(1.702, -2.193451e-08);

fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -110.0, 110.0);
    return select(swish_product(c, precise_product(RATE, vec2<f32>(c, 0.0))), x, x > 110.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    let z = precise_product(RATE, vec2<f32>(clamp(x, -110.0, 110.0), 0.0));
    return swish_slope(z, z);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let y = swish_curvature(precise_product(RATE, vec2<f32>(clamp(x, -110.0, 110.0), 0.0)));
    return Scaled(precise_product(y.value, RATE), y.k);
}
