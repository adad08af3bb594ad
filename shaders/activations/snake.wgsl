struct Params {
    alpha: f32,
}

fn angle(x: f32, params: Params) -> f32 {
    return opaque(params.alpha * x);
}

// 1 + sin(2t) = 2 sin^2(t + pi/4), which does not cancel; the eighth of a turn is added in the exact reduction.
fn activation(x: f32, params: Params) -> f32 {
    let t = angle(x, params);
    let s = sine_of(reduce(t, 0u));
    let y = add(vec2<f32>(x, 0.0), divide(multiply(s, s), vec2<f32>(params.alpha, 0.0)));
    return select(x, y.x + y.y, is_finite(x) && is_finite(t));
}

fn derivative(x: f32, params: Params) -> f32 {
    let t = angle(x, params);
    let s = sine_of(reduce(t, 1u));
    let y = multiply(s, s);
    return not_a_number_unless(is_finite(t), 2.0 * (y.x + y.y));
}

// x sin(2t)/alpha - (sin(t)/alpha)^2.
fn parameter_gradient(x: f32, params: Params) -> Params {
    let t = angle(x, params);
    let turned = reduce(t, 0u);
    let alpha = vec2<f32>(params.alpha, 0.0);
    let s = divide(sine_of(turned), alpha);
    let c = sine_of(Angle(turned.rest, (turned.quarters + 1u) & 3u));
    let first = multiply(multiply(s, c), vec2<f32>(2.0 * x, 0.0));
    let y = add(first, -multiply(s, s));
    return Params(not_a_number_unless(is_finite(t), y.x + y.y));
}
