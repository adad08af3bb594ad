// n/x for |n| up to 2. A small quotient is scaled up first: its parts would be flushed, which costs hundreds of units
// near 1e32.
fn over(n: vec2<f32>, x: f32) -> f32 {
    let raised = select(0, 64, abs(x) > 1e10);
    let y = divide(n * power_of_two(raised), vec2<f32>(x, 0.0));
    return scale(y.x + y.y, -raised);
}

// cos(x)/x - sin(x)/x^2 cancels near 0. There the derivative is -x (1/3 - x^2 P(x^2)), a minimax fit.
fn activation(x: f32, params: Params) -> f32 {
    let y = over(sine_of(reduce(x, 0u)), select(x, 1.0, x == 0.0));
    return select(select(0.0, 1.0, abs(x) < 1e-4), y, is_finite(x) && abs(x) >= 1e-4);
}

fn derivative(x: f32, params: Params) -> f32 {
    let c = clamp(x, -1.5, 1.5);
    let square = two_product(c, c);
    let u = square.x;
    let p = ((-2.40579197e-7 * u + 2.20283873e-5) * u - 1.19046471e-3) * u + 3.33333313e-2;
    let third = fast_two_sum(0.333333343, -u * p);
    let near = multiply(vec2<f32>(third.x, opaque(third.y) - 9.934108e-9), vec2<f32>(-c, 0.0));
    let f = select(1.5, x, is_finite(x) && abs(x) >= 1.5);
    let d = vec2<f32>(f, 0.0);
    let angle = reduce(f, 0u);
    let sine = divide(sine_of(angle), d);
    let far = over(add(sine_of(quarter_turn_on(angle)), -sine), f);
    return select(select(0.0, far, is_finite(x)), near.x + near.y, abs(x) < 1.5);
}

// -(sin(x) + 2 (cos(x) - sin(x)/x)/x)/x, which cancels near 0. There it is the series -1/3 + x^2/10 - x^4/168 + ...
fn second_derivative(x: f32, params: Params) -> Scaled {
    let c = clamp(x, -1.5, 1.5);
    let square = two_product(c, c);
    let u = square.x;
    let rest = (((2.11979e-8 * u - 2.25469e-6) * u + 1.54320988e-4) * u - 5.95238095e-3) * u;
    let tenth = fast_two_sum(0.1, rest);
    let slope = multiply(square, vec2<f32>(tenth.x, opaque(tenth.y) - 1.49011612e-9));
    let near = add(vec2<f32>(-0.333333343, 9.934108e-9), slope);
    let f = select(1.5, x, is_finite(x) && abs(x) >= 1.5);
    let d = vec2<f32>(f, 0.0);
    let angle = reduce(f, 0u);
    let sine = sine_of(angle);
    let first = add(sine_of(quarter_turn_on(angle)), -divide(sine, d));
    let raised = select(0, 64, abs(f) > 1e10);
    let far = divide(-add(sine, 2.0 * divide(first, d)) * power_of_two(raised), d);
    let outer = scaled_select(FLAT, Scaled(far, -raised), is_finite(x));
    return scaled_select(outer, Scaled(near, 0), abs(x) < 1.5);
}
