fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -200.0, 0.0);
    let e = decay(vec2<f32>(c, 0.0));
    let below = divide_moderate(multiply(expm1_negative(vec2<f32>(c, 0.0)), e.mantissa), one_plus(e.small));
    let above = clamp(x, 0.0, 200.0);
    let body = select(swish_product(above, vec2<f32>(above, 0.0)), x, x > 200.0);
    return select(body, scale_tail(below.x + below.y, e.k), x < 0.0);
}

// Below 0 it is e (e^2 + 2e - 1)/(1 + e)^2 with e = e^x.
fn derivative(x: f32, params: Params) -> f32 {
    let c = clamp(x, -200.0, 0.0);
    let e = decay(vec2<f32>(c, 0.0));
    let s = e.small;
    let factor = add(multiply(s, add(vec2<f32>(2.0, 0.0), s)), vec2<f32>(-1.0, 0.0));
    let below = divide_twice(multiply(factor, e.mantissa), one_plus(s));
    let above = vec2<f32>(clamp(x, 0.0, 200.0), 0.0);
    return select(swish_slope(above, above), scale_tail(below.x + below.y, e.k), x < 0.0);
}

// Near its root, e^2 + 2e - 1 = (m + 2 - sqrt 2)(m + 2 + sqrt 2) with m = e - 1, where the error of e would be magnified.
fn derivative_plain(x: f32, params: Params) -> f32 {
    let c = clamp(x, -200.0, 0.0);
    let e = decay(vec2<f32>(c, 0.0));
    let m = precise_expm1_negative(vec2<f32>(c, 0.0));
    let factor = (guarded(m.x + 0.585786462) + (m.y - 2.42032343e-8)) * (m.x + 3.41421366);
    let below = divide_twice(vec2<f32>(factor * e.mantissa.x, 0.0), one_plus(e.small)).x;
    let above = vec2<f32>(clamp(x, 0.0, 200.0), 0.0);
    return select(swish_slope(above, above), scale_tail(below, e.k), x < 0.0);
}

// Below 0, and at 0, it is e (e^3 + 3 e^2 + 5e - 1)/(1 + e)^3 with e = e^x.
fn second_derivative(x: f32, params: Params) -> Scaled {
    let c = clamp(x, -200.0, 0.0);
    let e = decay(vec2<f32>(c, 0.0));
    let s = e.small;
    let one = vec2<f32>(1.0, 0.0);
    let factor = add(multiply(s, add(5.0 * one, multiply(s, add(3.0 * one, s)))), -one);
    let d = one_plus(s);
    let below = Scaled(divide_moderate(divide_twice(multiply(factor, e.mantissa), d), d), e.k);
    return scaled_select(below, swish_curvature(vec2<f32>(clamp(x, 0.0, 200.0), 0.0)), x > 0.0);
}
