// The paper's lambda and its product with alpha, each in two parts.
const SCALE: vec2<f32> = vec2<f32>(1.050701, -3.4792652e-08);
const PRODUCT: vec2<f32> = vec2<f32>(1.7580993, 2.3296717e-08);

fn activation(x: f32, params: Params) -> f32 {
    let below = multiply(expm1_negative(vec2<f32>(min(x, 0.0), 0.0)), PRODUCT);
    let above = multiply(SCALE, vec2<f32>(clamp(x, 0.0, 1e38), 0.0));
    let y = select(below.x + below.y, above.x + above.y, x > 0.0);
    return select(y, x * SCALE.x, x > 1e38);
}

fn derivative(x: f32, params: Params) -> f32 {
    let e = decay(vec2<f32>(clamp(x, -200.0, 0.0), 0.0));
    let y = multiply(e.mantissa, PRODUCT);
    return select(scale_tail(y.x + y.y, e.k), SCALE.x, x > 0.0);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let e = decay(vec2<f32>(clamp(x, -200.0, 0.0), 0.0));
    return scaled_select(Scaled(multiply(e.mantissa, PRODUCT), e.k), FLAT, x > 0.0);
}
