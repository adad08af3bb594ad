// The normal distribution: Mills' ratio away from 0, a polynomial for |x| <= 1/4.
fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -15.0, 15.0);
    let a = abs(c);
    let e = gaussian_decay(a);
    let tail = multiply(mills_ratio(vec2<f32>(a, 0.0)), e.mantissa);
    let tail_small = tail * power_of_two(max(e.k, -126));
    let body = add(vec2<f32>(1.0, 0.0), -tail_small);
    let outer = multiply(select(body, tail, x < 0.0), vec2<f32>(c, 0.0));
    let near = vec2<f32>(clamp(c, -0.25, 0.25), 0.0);
    let centre = multiply(add(vec2<f32>(0.5, 0.0), multiply(normal_centre(two_product(near.x, near.x)), near)), near);
    let far = lowered(outer.x + outer.y, select(0, e.k, x < 0.0));
    return select(select(far, centre.x + centre.y, a <= 0.25), x, x > 15.0);
}

// Phi(x) + x phi(x). With a = |x| it is e^(-a^2/2) (M(a) - a phi(0)) below 0, and 1 minus that above.
fn derivative(x: f32, params: Params) -> f32 {
    let c = clamp(x, -15.0, 15.0);
    let a = abs(c);
    let e = gaussian_decay(a);
    let density = multiply(NORMAL_PEAK, vec2<f32>(a, 0.0));
    let tail = multiply(add(mills_ratio(vec2<f32>(a, 0.0)), -density), e.mantissa);
    let tail_small = tail * power_of_two(max(e.k, -126));
    let body = add(vec2<f32>(1.0, 0.0), -tail_small);
    let near = clamp(c, -0.25, 0.25);
    let linear = multiply(normal_centre_slope(two_product(near, near)), vec2<f32>(near, 0.0));
    let centre = add(vec2<f32>(0.5, 0.0), linear);
    let outer = select(body.x + body.y, lowered(tail.x + tail.y, e.k), x < 0.0);
    return select(outer, centre.x + centre.y, a <= 0.25);
}

// Without compensation nothing is gained by a polynomial near 0. The result is less than the exponential, which need not
// be raised.
fn activation_plain(x: f32, params: Params) -> f32 {
    let a = min(abs(x), 15.0);
    let e = raised_exponential(-0.5 * two_product(a, a), 0.0);
    let m = mills_ratio(vec2<f32>(a, 0.0)).x;
    // Halves, because 1 - m e would be rounded before the product. Opaque, because compilers factor x out of the sum.
    return select(opaque(x * 0.5) + x * (0.5 - m * e), -(a * e) * m, x < 0.0);
}

fn derivative_plain(x: f32, params: Params) -> f32 {
    let c = clamp(x, -15.0, 15.0);
    let a = abs(c);
    let e = gaussian_decay(a);
    let tail = (mills_ratio(vec2<f32>(a, 0.0)).x - NORMAL_PEAK.x * a) * e.mantissa.x;
    return select(1.0 - tail, scale_tail(tail, e.k), x < 0.0);
}
