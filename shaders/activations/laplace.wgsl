struct Params {
    mu: f32,
    sigma: f32,
}

// (x - mu)/sigma with its rounding error, where the result is neither 0 nor 1.
fn argument(x: f32, params: Params) -> vec2<f32> {
    let reach = min(20.0 * params.sigma, 1e38);
    let distance = two_sum(clamp(x, -1e38, 1e38), -params.mu);
    let inside = abs(distance.x) < reach;
    let near = select(vec2<f32>(clamp(distance.x, -reach, reach), 0.0), distance, inside);
    return divide(near, vec2<f32>(params.sigma, 0.0));
}

fn activation(x: f32, params: Params) -> f32 {
    return normal_cdf(argument(x, params));
}

fn derivative(x: f32, params: Params) -> f32 {
    let z = argument(x, params);
    let e = decay(-0.5 * multiply(z, z));
    let y = divide(multiply(e.mantissa, NORMAL_PEAK), vec2<f32>(params.sigma, 0.0));
    return scale_far(y.x + y.y, e.k);
}
