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

// e^c to 2^-32, because sech^2 magnifies its error a hundredfold. Of the series after r + r^2/2 + r^3/6 one float suffices.
fn precise_power(c: f32) -> vec2<f32> {
    let k = round(c * 1.44269504);
    let r = precise_sum(vec2<f32>(c - k * 0.693359375, 0.0), two_product(k, 2.12194440e-4));
    let square = precise_product(r, r);
    let cube = precise_product(precise_product(square, r), vec2<f32>(0.166666672, -4.967054e-9));
    let t = r.x;
    let rest = (((2.75573192e-6 * t + 2.48015873e-5) * t + 1.98412698e-4) * t + 1.38888889e-3) * t + 8.33333333e-3;
    let fourth = square.x * square.x * (rest * t + 4.16666667e-2);
    let v = precise_sum(r, precise_sum(0.5 * square, precise_sum(cube, vec2<f32>(fourth, 0.0))));
    return precise_sum(vec2<f32>(1.0, 0.0), v) * power_of_two(i32(k));
}

// 4 u q (2 + x - 2 u x + (2 + x + 2 u x) q)/(1 + q)^3 with u = e^x and q = e^-2u. The difference cancels.
fn second_derivative(x: f32, params: Params) -> Scaled {
    let c = clamp(x, -20.0, 4.5);
    let u = select(power(c), precise_power(max(c, 0.0)), c > 0.0);
    let q = decay(-2.0 * u);
    let d = one_plus(q.small);
    let line = two_sum(2.0, c);
    let product = precise_product(2.0 * u, vec2<f32>(c, 0.0));
    let difference = precise_sum(line, -product);
    let factor = add(fast_two_sum(difference.x, difference.y), multiply(q.small, add(line, product)));
    let y = divide_moderate(divide_twice(multiply(multiply(q.mantissa, u), factor), d), d);
    let low = clamp(x, -200.0, -20.0);
    let e = decay(vec2<f32>(low, 0.0));
    let tail = Scaled(multiply(e.mantissa, two_sum(low, 2.0)), e.k);
    return scaled_select(Scaled(y, q.k + 2), tail, x < -20.0);
}
