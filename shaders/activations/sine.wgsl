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

// x cos(omega * x).
fn gradient_by_omega(x: f32, params: Params) -> Gradient {
    let t = angle(x, params);
    let k = exponent_of(x);
    let cosine = sine_of(quarter_turn_on(reduce(t, 0u)));
    let y = multiply(cosine, vec2<f32>(x * power_of_two(-k), 0.0));
    return Gradient(not_a_number_unless(is_finite(t), value_of(y)), k);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let t = angle(x, params);
    let y = sine_of(reduce(t, 0u));
    let far = Scaled(vec2<f32>(not_a_number_unless(is_finite(t), -y.x), -y.y), 0);
    // A subnormal angle is not rounded.
    let sine = scaled_select(far, scaled_times(scaled_number(-clamp(x, -1e38, 1e38)), params.omega), abs(t) < 1.17549435e-38);
    return scaled_times(scaled_times(sine, params.omega), params.omega);
}
