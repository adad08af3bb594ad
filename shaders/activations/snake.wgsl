struct Params {
    alpha: f32,
}

fn angle(x: f32, params: Params) -> f32 {
    return opaque(params.alpha * x);
}

// 1 + sin(2t) = 2 sin^2(t + pi/4) does not cancel. The exact reduction adds the eighth of a turn.
fn activation(x: f32, params: Params) -> f32 {
    let t = angle(x, params);
    let s = sine_of(reduce(t, 0u));
    let y = precise_sum(vec2<f32>(x, 0.0), precise_quotient(precise_product(s, s), vec2<f32>(params.alpha, 0.0)));
    return select(x, value_of(y), is_finite(x) && is_finite(t));
}

fn derivative(x: f32, params: Params) -> f32 {
    let t = angle(x, params);
    let s = sine_of(reduce(t, 1u));
    let y = multiply(s, s);
    return not_a_number_unless(is_finite(t), 2.0 * (y.x + y.y));
}

// 2 x sin(t)/alpha cos(t) - (sin(t)/alpha)^2, with the powers of two apart. |sin(t)/alpha| is at most |x|, so the
// second term's power of two is at most the first's.
fn gradient_by_alpha(x: f32, params: Params) -> Gradient {
    let t = angle(x, params);
    let turned = reduce(t, 0u);
    let x_k = exponent_of(x);
    let alpha_k = exponent_of(params.alpha);
    let quotient = divide(sine_of(turned), vec2<f32>(params.alpha * power_of_two(-alpha_k), 0.0));
    // A small angle may be flushed; sin(t)/alpha is then x.
    let is_small = abs(t) < 1e-15;
    let s = select(quotient, vec2<f32>(x * power_of_two(-x_k), 0.0), is_small);
    let k = select(alpha_k, -x_k, is_small);
    let s_k = exponent_of(s.x);
    let ratio = s * power_of_two(-s_k);
    let c = sine_of(quarter_turn_on(turned));
    let first = multiply(multiply(ratio, c), vec2<f32>(2.0 * (x * power_of_two(-x_k)), 0.0));
    let y = add(first, -scale_pair(multiply(ratio, ratio), s_k - k - x_k));
    return Gradient(not_a_number_unless(is_finite(t), y.x + y.y), s_k - k + x_k);
}

// 2 alpha cos(2t) = 4 alpha sin(t + pi/4) cos(t + pi/4) does not cancel.
fn second_derivative(x: f32, params: Params) -> Scaled {
    let t = angle(x, params);
    let turned = reduce(t, 1u);
    let y = multiply(sine_of(turned), sine_of(quarter_turn_on(turned)));
    let value = not_a_number_unless(is_finite(t), y.x);
    return scaled_times(Scaled(vec2<f32>(value, y.y), 2), params.alpha);
}
