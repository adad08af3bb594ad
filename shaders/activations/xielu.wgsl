struct Params {
    alpha_p: f32,
    alpha_n: f32,
    beta: f32,
}

// e^c - 1 - c for c in [-1, 0] as c^2 (1/2 + c P(c)), a minimax fit, because the difference cancels.
fn remainder_near(c: f32) -> vec2<f32> {
    let p = ((((1.71137945e-5 * c + 1.88930760e-4) * c + 1.38299773e-3) * c + 8.33149720e-3) * c + 4.16664146e-2) * c + 0.166666657;
    return multiply(two_product(c, c), fast_two_sum(0.5, c * p));
}

// Below 0, and away from it, alpha_n (e^x - 1) + (beta - alpha_n) x, whose limit is right even where the slope is 0.
fn activation(x: f32, params: Params) -> f32 {
    let factor = add(two_product(params.alpha_p, clamp(x, 0.0, LARGEST)), vec2<f32>(params.beta, 0.0));
    let product = params.alpha_p * select(x, 0.0, params.alpha_p == 0.0);
    let above = x * select(factor.x + factor.y, product + params.beta, abs(product) > 1e30);
    let c = clamp(x, -1.0, 0.0);
    let alpha_n = vec2<f32>(params.alpha_n, 0.0);
    let near = add(multiply(remainder_near(c), alpha_n), two_product(params.beta, c));
    let slope = two_sum(params.beta, -params.alpha_n);
    let level = slope.x == 0.0;
    let line = multiply(slope, vec2<f32>(clamp(x, select(-1e30, 0.0, level), 0.0), 0.0));
    let far = add(multiply(expm1_negative(vec2<f32>(min(x, 0.0), 0.0)), alpha_n), line);
    let below = select(far.x + far.y, near.x + near.y, x > -1.0);
    return select(select(below, slope.x * x, x < -1e30 && !level), above, x > 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    let above = add(2.0 * two_product(params.alpha_p, clamp(x, 0.0, LARGEST)), vec2<f32>(params.beta, 0.0));
    let e = multiply(expm1_negative(vec2<f32>(min(x, 0.0), 0.0)), vec2<f32>(params.alpha_n, 0.0));
    let below = add(e, vec2<f32>(params.beta, 0.0));
    let y = select(below, above, x > 0.0);
    let vanishing = params.beta == params.alpha_n && x < -1.0;
    let d = decay(vec2<f32>(clamp(x, -200.0, 0.0), 0.0));
    let tail = multiply(d.mantissa, vec2<f32>(params.alpha_n, 0.0));
    let product = params.alpha_p * select(x, 0.0, params.alpha_p == 0.0);
    let body = select(y.x + y.y, 2.0 * product + params.beta, x > 0.0 && abs(product) > 1e30);
    return select(body, scale_far(tail.x + tail.y, d.k), vanishing);
}

fn parameter_gradient(x: f32, params: Params) -> Params {
    let above = max(x, 0.0);
    let below = min(x, 0.0);
    let near = remainder_near(clamp(below, -1.0, 0.0));
    let far = add(expm1_negative(vec2<f32>(below, 0.0)), vec2<f32>(-below, 0.0));
    let remainder = select(far, near, below > -1.0);
    return Params(above * above, select(-below, remainder.x + remainder.y, is_finite(below)), 0.0);
}
