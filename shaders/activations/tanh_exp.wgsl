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
