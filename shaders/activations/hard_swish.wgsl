fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -3.0, 3.0);
    let y = multiply(two_sum(c, 3.0), vec2<f32>(c, 0.0));
    return select((y.x + y.y) / 6.0, x, x >= 3.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    // Opaque, because compilers may divide each term of the sum, which loses its digits near its root.
    return select(select(opaque(2.0 * x + 3.0) / 6.0, 0.0, x <= -3.0), 1.0, x >= 3.0);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return Scaled(vec2<f32>(select(0.0, 0.333333343, abs(x) < 3.0), 0.0), 0);
}
