// ln(1 + e^c) for c from -20 to 10. Below, erf(ln(1 + e^x)) is 2/sqrt(pi) e^x, whose power of two comes last.
fn logarithm_of_sum(c: f32, e: Decay) -> vec2<f32> {
    let s = add(log1p_unit(e.small), vec2<f32>(max(c, 0.0), 0.0));
    // The logarithm's lower part may be large, and it would be squared.
    return fast_two_sum(s.x, s.y);
}

// A tiny x is raised, because the errors of tiny products are left out.
fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -20.0, 9.5);
    let is_tiny = abs(x) < 1e-15;
    let raise = select(1.0, power_of_two(64), is_tiny);
    let s = logarithm_of_sum(c, decay(vec2<f32>(-abs(c), 0.0)));
    let body = multiply(error_function(s), vec2<f32>(c * raise, 0.0));
    let low = clamp(x, -200.0, -20.0);
    let e = decay(vec2<f32>(low, 0.0));
    let tail = multiply(multiply(e.mantissa, TWO_OVER_ROOT_PI), vec2<f32>(low, 0.0));
    return select(select((body.x + body.y) * select(1.0, power_of_two(-64), is_tiny), x, x > 9.5), scale_tail(tail.x + tail.y, e.k), x < -20.0);
}

// erf(s) + x logistic(x) 2/sqrt(pi) e^(-s^2) with s = ln(1 + e^x).
fn derivative(x: f32, params: Params) -> f32 {
    let c = clamp(x, -20.0, 9.5);
    let e = decay(vec2<f32>(-abs(c), 0.0));
    let s = logarithm_of_sum(c, e);
    let share = divide_moderate(select(vec2<f32>(1.0, 0.0), e.small, c < 0.0), one_plus(e.small));
    let density = multiply(decay(-precise_product(s, s)).small, TWO_OVER_ROOT_PI);
    let body = add(error_function(s), multiply(multiply(share, density), vec2<f32>(c, 0.0)));
    let low = clamp(x, -200.0, -20.0);
    let far = decay(vec2<f32>(low, 0.0));
    let tail = multiply(multiply(far.mantissa, TWO_OVER_ROOT_PI), two_sum(low, 1.0));
    return select(body.x + body.y, scale_tail(tail.x + tail.y, far.k), x < -20.0);
}

// Up to ln(1 + e^c) = 1 the two last products keep their rounding errors.
fn activation_plain(x: f32, params: Params) -> f32 {
    let c = clamp(x, -20.0, 9.5);
    let s = logarithm_of_sum(c, decay(vec2<f32>(-abs(c), 0.0)));
    let t = min(s.x, 1.0);
    let near = precise_product(fast_two_sum(t, t * error_rest(t * t)), precise_product(TWO_OVER_ROOT_PI, vec2<f32>(c, 0.0)));
    let body = select(error_function(s).x * c, near.x + near.y, s.x < 1.0);
    let low = clamp(x, -200.0, -20.0);
    let e = decay(vec2<f32>(low, 0.0));
    let tail = e.mantissa.x * TWO_OVER_ROOT_PI.x * low;
    return select(select(body, x, x > 9.5), scale_tail(tail, e.k), x < -20.0);
}

// Below 0 the terms cancel, so the second one keeps the rounding errors of its factors.
fn derivative_plain(x: f32, params: Params) -> f32 {
    let c = clamp(x, -20.0, 9.5);
    let e = decay(vec2<f32>(-abs(c), 0.0));
    let s = logarithm_of_sum(c, e);
    let share = precise_quotient(two_product(c, select(1.0, e.small.x, c < 0.0)), two_sum(1.0, e.small.x));
    let density = decay(-precise_product(s, s)).small.x * TWO_OVER_ROOT_PI.x;
    let body = precise_sum(error_function(s), precise_product(share, vec2<f32>(density, 0.0)));
    let low = clamp(x, -200.0, -20.0);
    let far = decay(vec2<f32>(low, 0.0));
    let tail = far.mantissa.x * TWO_OVER_ROOT_PI.x * (low + 1.0);
    return select(body.x + body.y, scale_tail(tail, far.k), x < -20.0);
}

// 2/sqrt(pi) e^(-s^2) g (2 + x (1 - g - 2 s g)) with g = logistic(x).
fn second_derivative(x: f32, params: Params) -> Scaled {
    let c = clamp(x, -20.0, 11.0);
    let e = decay(vec2<f32>(-abs(c), 0.0));
    let sum = precise_sum(log1p_unit(e.small), vec2<f32>(max(c, 0.0), 0.0));
    let s = fast_two_sum(sum.x, sum.y);
    let d = one_plus(e.small);
    let one = vec2<f32>(1.0, 0.0);
    let is_below = c < 0.0;
    let upper = select(one, e.small, is_below);
    let lower = select(e.small, one, is_below);
    let inner = divide_moderate(add(lower, -2.0 * multiply(s, upper)), d);
    let factor = add(2.0 * one, multiply(inner, vec2<f32>(c, 0.0)));
    let density = decay(-precise_product(s, s));
    let product = multiply(multiply(density.mantissa, upper), factor);
    let body = precise_product(divide_moderate(product, d), TWO_OVER_ROOT_PI);
    let low = clamp(x, -200.0, -20.0);
    let far = decay(vec2<f32>(low, 0.0));
    let tail = multiply(multiply(far.mantissa, TWO_OVER_ROOT_PI), two_sum(low, 2.0));
    return scaled_select(Scaled(body, density.k), Scaled(tail, far.k), x < -20.0);
}
