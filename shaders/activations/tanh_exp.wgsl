// e^c. Below c = -20, tanh(e^c) is e^c, whose power of two comes last.
fn power(c: f32) -> vec2<f32> {
    let e = exponential_scaled(vec2<f32>(c, 0.0));
    return e.value * power_of_two(e.k);
}

// A tiny x is raised, because the errors of tiny products are left out.
fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -20.0, 4.5);
    let is_tiny = abs(x) < 1e-15;
    let raise = select(1.0, power_of_two(64), is_tiny);
    let body = multiply(tanh_of(power(c)), vec2<f32>(c * raise, 0.0));
    let low = clamp(x, -200.0, -20.0);
    let e = decay(vec2<f32>(low, 0.0));
    let tail = multiply(e.mantissa, vec2<f32>(low, 0.0));
    return select(select((body.x + body.y) * select(1.0, power_of_two(-64), is_tiny), x, x > 4.5), scale_tail(tail.x + tail.y, e.k), x < -20.0);
}

// tanh(u) + x u sech^2(u) with u = e^x. Above x = 4.5 it is 1.
fn derivative(x: f32, params: Params) -> f32 {
    let c = clamp(x, -20.0, 4.5);
    let u = power(c);
    let slope = sech_squared(u);
    let second = scale_pair(multiply(multiply(slope.value, u), vec2<f32>(c, 0.0)), slope.k);
    let body = add(tanh_of(u), second);
    let low = clamp(x, -200.0, -20.0);
    let e = decay(vec2<f32>(low, 0.0));
    let tail = multiply(e.mantissa, two_sum(low, 1.0));
    return select(body.x + body.y, scale_tail(tail.x + tail.y, e.k), x < -20.0);
}

// (1 - q^2 + 4 x u q)/(1 + q)^2 with q = e^(-2u) = 1 + m. The numerator cancels, so its rounding errors are kept.
fn derivative_plain(x: f32, params: Params) -> f32 {
    let c = clamp(x, -20.0, 4.5);
    let u = power(c).x;
    let m = precise_expm1_negative(vec2<f32>(-2.0 * u, 0.0));
    let q = precise_sum(vec2<f32>(1.0, 0.0), m);
    let first = -precise_product(m, precise_sum(vec2<f32>(2.0, 0.0), m));
    let n = precise_sum(first, precise_product(two_product(4.0 * c, u), q));
    let body = divide_twice(vec2<f32>(n.x + n.y, 0.0), one_plus(q)).x;
    let low = clamp(x, -200.0, -20.0);
    let e = decay(vec2<f32>(low, 0.0));
    return select(body, scale_tail(e.mantissa.x * (low + 1.0), e.k), x < -20.0);
}
