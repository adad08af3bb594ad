fn ratio(n: f32, x: f32) -> vec2<f32> {
    return divide(vec2<f32>(n, 0.0), two_sum(1.0, min(abs(x), 1e30)));
}

fn activation(x: f32, params: Params) -> f32 {
    let y = ratio(clamp(x, -1e30, 1e30), x);
    return y.x + y.y;
}

// A large x is taken in another unit, because two_product leaves out the errors of tiny products.
fn derivative(x: f32, params: Params) -> f32 {
    let large = abs(x) > 1e10;
    let q = ratio(select(1.0, 1099511627776.0, large), x);
    let y = multiply(q, q);
    return (y.x + y.y) * select(1.0, 8.2718061255302767e-25, large);
}

// -2 sign(x)/(1 + |x|)^3. At 0, where it jumps, it is 0.
fn second_derivative(x: f32, params: Params) -> Scaled {
    let y = over_cube(vec2<f32>(2.0, 0.0), two_sum(1.0, min(abs(x), LARGEST)));
    return Scaled(select(select(y.value, -y.value, x > 0.0), vec2<f32>(0.0, 0.0), x == 0.0), y.k);
}
