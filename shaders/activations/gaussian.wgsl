// e^(-a^2). A rounded square would cost the exponential 60 units.
fn decayed(a: f32) -> Scaled {
    let e = decay(-two_product(a, a));
    return Scaled(e.mantissa, e.k);
}

fn activation(x: f32, params: Params) -> f32 {
    let a = min(abs(x), 11.0);
    return scaled(decayed(a));
}

fn derivative(x: f32, params: Params) -> f32 {
    let c = clamp(x, -15.0, 15.0);
    let e = decayed(abs(c));
    let y = multiply(e.value, vec2<f32>(-2.0 * c, 0.0));
    return scale_tail(y.x + y.y, e.k);
}

// (4x^2 - 2) e^(-x^2).
fn second_derivative(x: f32, params: Params) -> Scaled {
    let c = clamp(x, -15.0, 15.0);
    let e = decayed(abs(c));
    return Scaled(multiply(e.value, -4.0 * less_square(0.5, c)), e.k);
}
