struct Params {
    alpha: f32,
}

// x/alpha with its rounding error, for x <= 0; beyond 200 the exponential is 0 or infinite.
fn argument(x: f32, params: Params) -> vec2<f32> {
    let limit = select(200.0 * abs(params.alpha), LARGEST, abs(params.alpha) > 1e36);
    return divide(vec2<f32>(clamp(x, -limit, 0.0), 0.0), vec2<f32>(params.alpha, 0.0));
}

fn activation(x: f32, params: Params) -> f32 {
    let z = argument(x, params);
    let e = expm1_of(z);
    let y = multiply(e.value, vec2<f32>(params.alpha, 0.0));
    // x/alpha alone may be subnormal, and then flushed, where x is not.
    return select(scale_far(y.x + y.y, e.k), x, x > 0.0 || abs(z.x) < 1e-8);
}

fn derivative(x: f32, params: Params) -> f32 {
    let e = exponential(argument(x, params));
    let y = one_plus(e.v);
    return select(scale_far(y.x + y.y, e.k), 1.0, x > 0.0);
}
