// A tiny x is raised, because the errors of tiny products are left out.
fn activation(x: f32, params: Params) -> f32 {
    let y = error_function(vec2<f32>(clamp(x, -9.5, 9.5), 0.0));
    let line = multiply(vec2<f32>(x * power_of_two(64), 0.0), TWO_OVER_ROOT_PI);
    return select(y.x + y.y, (line.x + line.y) * power_of_two(-64), abs(x) < 1e-9);
}

fn derivative(x: f32, params: Params) -> f32 {
    let c = clamp(x, -12.0, 12.0);
    let e = decay(-two_product(c, c));
    let y = multiply(e.mantissa, TWO_OVER_ROOT_PI);
    return scale_tail(y.x + y.y, e.k);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let c = clamp(x, -12.0, 12.0);
    let e = decay(-two_product(c, c));
    return scaled_times(Scaled(multiply(e.mantissa, TWO_OVER_ROOT_PI), e.k + 1), -c);
}
