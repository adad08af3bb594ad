// tanh(a) + a sech^2(a) = (1 - e^-4a + 4a e^-2a)/(1 + e^-2a)^2: both terms are positive.
fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -60.0, 60.0);
    let y = multiply(tanh_of(vec2<f32>(c, 0.0)), vec2<f32>(c, 0.0));
    // The lower part of a tiny square would itself be rounded.
    return select(select(y.x + y.y, abs(x), abs(x) > 60.0), c * c, abs(x) < 1e-9);
}

fn derivative(x: f32, params: Params) -> f32 {
    let a = min(abs(x), 60.0);
    let e = decay(vec2<f32>(-2.0 * a, 0.0)).small;
    let d = one_plus(e);
    let n = add(-expm1_negative(vec2<f32>(-4.0 * a, 0.0)), 4.0 * multiply(e, vec2<f32>(a, 0.0)));
    let q = divide_twice(n, d);
    let y = q.x + q.y;
    return select(y, -y, x < 0.0);
}

// 2 sech^2(x) (1 - x tanh(x)).
fn second_derivative(x: f32, params: Params) -> Scaled {
    let c = vec2<f32>(clamp(x, -60.0, 60.0), 0.0);
    let slope = sech_squared(c);
    let factor = add(vec2<f32>(1.0, 0.0), -multiply(c, tanh_of(c)));
    return Scaled(multiply(slope.value, factor), slope.k + 1);
}
