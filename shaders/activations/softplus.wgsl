struct Params {
    beta: f32,
}

// max(x, 0) + ln(1 + e^-|z|)/beta. Below z = -18 the logarithm is e^z (1 - e^z/2), whose power of two comes last.
fn activation(x: f32, params: Params) -> f32 {
    let limit = argument_limit(params.beta);
    let z = two_product(params.beta, clamp(x, -limit, limit));
    let e = decay(select(z, -z, z.x > 0.0));
    let beta = vec2<f32>(params.beta, 0.0);
    let tail = divide(vec2<f32>(e.mantissa.x, e.mantissa.y - 0.5 * e.mantissa.x * e.small.x), beta);
    let body = add(vec2<f32>(max(x, 0.0), 0.0), divide(log1p_unit(e.small), beta));
    let y = select(body.x + body.y, scale_far(tail.x + tail.y, e.k), z.x < -18.0);
    return select(y, x, x > limit);
}

fn derivative(x: f32, params: Params) -> f32 {
    let limit = argument_limit(params.beta);
    let y = logistic(two_product(params.beta, clamp(x, -limit, limit)));
    return scale_far(y.value.x + y.value.y, y.k);
}
