struct Params {
    b: f32,
}

// |x|, sqrt(x^2 + b) and b, all in units of 2^k so that the square cannot overflow; b is b/2^k, to be divided by one of them.
struct Bend {
    a: f32,
    root: vec2<f32>,
    b: f32,
    k: i32,
}

fn bend(x: f32, params: Params) -> Bend {
    let large = abs(x) > 1e18 || params.b > 1e36;
    let unit = select(1.0, power_of_two(-66), large);
    let a = min(abs(x), LARGEST) * unit;
    let square = add(two_product(a, a), vec2<f32>(params.b * unit * unit, 0.0));
    return Bend(a, square_root(square), params.b * unit, select(0, 66, large));
}

fn activation(x: f32, params: Params) -> f32 {
    let s = bend(x, params);
    let above = add(vec2<f32>(s.a, 0.0), s.root);
    let below = divide(vec2<f32>(s.b, 0.0), above);
    let y = select(above, below, x < 0.0);
    return select(max(x, 0.0), scale(0.5 * (y.x + y.y), select(s.k, 0, x < 0.0)), is_finite(x));
}

fn derivative(x: f32, params: Params) -> f32 {
    let s = bend(x, params);
    let sum = add(vec2<f32>(s.a, 0.0), s.root);
    let above = divide(sum, 2.0 * s.root);
    // Raised by a power of two, because the parts of a small quotient would be flushed, which costs 30 units near -1e16.
    let raised = select(0, 64, s.b < 1e18);
    let below = divide(divide(vec2<f32>(s.b * power_of_two(raised), 0.0), sum), 2.0 * s.root);
    let y = select(above, below, x < 0.0);
    return scale(y.x + y.y, select(0, -s.k - raised, x < 0.0));
}

// 1/(4 sqrt(x^2 + b)).
fn parameter_gradient(x: f32, params: Params) -> Params {
    let s = bend(x, params);
    return Params(select(0.0, scale(0.25 / s.root.x, -s.k), is_finite(x)));
}
