fn activation(x: f32, params: Params) -> f32 {
    let y = multiply(sine_of(quarter_turn_on(reduce(x, 0u))), vec2<f32>(x, 0.0));
    return not_a_number_unless(is_finite(x), y.x + y.y);
}

fn derivative(x: f32, params: Params) -> f32 {
    let angle = reduce(x, 0u);
    let y = precise_sum(sine_of(quarter_turn_on(angle)), -precise_product(sine_of(angle), vec2<f32>(x, 0.0)));
    return not_a_number_unless(is_finite(x), y.x + y.y);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let angle = reduce(x, 0u);
    let y = -add(2.0 * sine_of(angle), multiply(sine_of(quarter_turn_on(angle)), vec2<f32>(x, 0.0)));
    return Scaled(vec2<f32>(not_a_number_unless(is_finite(x), y.x), y.y), 0);
}
