// tanh(ln(1 + e^x)) = e^x (e^x + 2)/(e^2x + 2 e^x + 2), written in e = e^-|x| on both sides of 0. The power of two
// comes last. The derivative below 0 is e (4(x + 1) + (4x + 6) e + 4 e^2 + e^3)/(e^2 + 2e + 2)^2.
fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -200.0, 200.0);
    let e = decay(vec2<f32>(-abs(c), 0.0));
    let negative = c < 0.0;
    let one = vec2<f32>(1.0, 0.0);
    let more = add(one * 2.0, e.small);
    let double = one_plus(2.0 * e.small);
    let numerator = select(double, multiply(more, e.mantissa), negative);
    let square = multiply(e.small, select(2.0 * e.small, more, negative));
    let quotient = divide_moderate(numerator, add(select(double, one * 2.0, negative), square));
    let y = multiply(quotient, vec2<f32>(c, 0.0));
    return select(scale_tail(y.x + y.y, select(0, e.k, negative)), x, x > 200.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    let c = clamp(x, -200.0, 200.0);
    let e = decay(vec2<f32>(-abs(c), 0.0));
    let s = e.small;
    let square = multiply(s, s);
    let negative = c < 0.0;
    let linear = 4.0 * two_sum(c, 1.0);
    let middle = add(4.0 * vec2<f32>(c, 0.0), vec2<f32>(6.0, 0.0));
    let below = add(add(linear, multiply(s, middle)), multiply(square, add(vec2<f32>(4.0, 0.0), s)));
    let above = add(one_plus(4.0 * s), multiply(square, add(middle, multiply(s, linear))));
    let root = add(one_plus(2.0 * s), select(2.0 * square, add(vec2<f32>(1.0, 0.0), square), negative));
    let y = divide_twice(select(above, multiply(below, e.mantissa), negative), root);
    return scale_tail(y.x + y.y, select(0, e.k, negative));
}

// w/(w + 2) with w = e (e + 2) below 0, and w/(w + 2 e^2) with w = 1 + 2e above. There the quotient is 1 for a large x, which
// may be infinite.
fn activation_plain(x: f32, params: Params) -> f32 {
    let e = decay(vec2<f32>(max(-abs(x), -200.0), 0.0));
    let s = e.small.x;
    let negative = x < 0.0;
    // The rounding of e s counts little beside 2e; that of s + 2 would count in full.
    let w = select(2.0 * s + 1.0, opaque(e.mantissa.x * s) + 2.0 * e.mantissa.x, negative);
    let y = max(x, -200.0) * (w / (w + select(2.0 * s * s, 2.0, negative)));
    return select(y, scale_tail(y, e.k), negative);
}

// 4 e (4 + 2x + (8 + 2x) e + (6 - 3x) e^2 + (2 - 2x) e^3)/(e^2 + 2e + 2)^3 with e = e^x. Above 0 it is written in e^-x.
fn second_derivative(x: f32, params: Params) -> Scaled {
    let c = clamp(x, -200.0, 200.0);
    let e = decay(vec2<f32>(-abs(c), 0.0));
    let s = e.small;
    let is_below = c <= 0.0;
    let first = 2.0 * two_sum(2.0, c);
    let second = 2.0 * two_sum(4.0, c);
    let third = add(vec2<f32>(6.0, 0.0), -multiply(vec2<f32>(3.0, 0.0), vec2<f32>(c, 0.0)));
    let fourth = 2.0 * two_sum(1.0, -c);
    let below = add(first, multiply(s, add(second, multiply(s, add(third, multiply(s, fourth))))));
    let above = add(fourth, multiply(s, add(third, multiply(s, add(second, multiply(s, first))))));
    let square = multiply(s, s);
    let one = vec2<f32>(1.0, 0.0);
    let root = precise_sum(precise_sum(one, 2.0 * s), select(2.0 * square, precise_sum(one, square), is_below));
    // The square of a small exponential is raised by 2^64.
    let n = multiply(select(multiply(above * 18446744073709551616.0, e.mantissa), below, is_below), e.mantissa);
    let y = divide_thrice(n, root);
    return Scaled(4.0 * y, select(2 * e.k - 64, e.k, is_below));
}
