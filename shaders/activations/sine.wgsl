struct Params {
    omega: f32,
}

fn angle(x: f32, params: Params) -> f32 {
    return opaque(params.omega * select(x, 0.0, params.omega == 0.0));
}

fn activation(x: f32, params: Params) -> f32 {
    let t = angle(x, params);
    let y = sine_of(reduce(t, 0u));
    return not_a_number_unless(is_finite(t), y.x + y.y);
}

fn derivative(x: f32, params: Params) -> f32 {
    let t = angle(x, params);
    let y = multiply(sine_of(quarter_turn_on(reduce(t, 0u))), vec2<f32>(params.omega, 0.0));
    return not_a_number_unless(is_finite(t), y.x + y.y);
}
