fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -1e30, 1e30);
    return c / (1.0 + abs(c));
}

fn derivative(x: f32, params: Params) -> f32 {
    let q = divide(vec2<f32>(1.0, 0.0), two_sum(1.0, min(abs(x), 1e30)));
    let y = multiply(q, q);
    return y.x + y.y;
}
