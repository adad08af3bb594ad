struct Params {
    b: f32,
}

// |x| and sqrt(x^2 + b) in units of 2^k, so that the square neither overflows nor vanishes. The field b is b/2^k, to be
// divided by one of them.
struct Bend {
    a: f32,
    root: vec2<f32>,
    b: f32,
    k: i32,
}

fn bend(x: f32, params: Params) -> Bend {
    let large = abs(x) > 1e18 || params.b > 1e36;
    let small = abs(x) < 1e-12 && params.b < 1e-24;
    let k = select(select(0, -40, small), 66, large);
    let unit = power_of_two(-k);
    let a = min(abs(x), LARGEST) * unit;
    let square = add(two_product(a, a), vec2<f32>(params.b * unit * unit, 0.0));
    return Bend(a, square_root(square), params.b * unit, k);
}

// The power of two that scales a small quotient of b up. Its parts would be flushed, which costs 30 units near -1e16.
fn raise(s: Bend) -> i32 {
    return select(0, 64, s.b < 1e18);
}

fn activation(x: f32, params: Params) -> f32 {
    let s = bend(x, params);
    let above = add(vec2<f32>(s.a, 0.0), s.root);
    let raised = raise(s);
    let below = divide(vec2<f32>(s.b * power_of_two(raised), 0.0), above);
    let y = select(above, below, x < 0.0);
    return select(max(x, 0.0), scale(0.5 * (y.x + y.y), select(s.k, -raised, x < 0.0)), is_finite(x));
}

fn derivative(x: f32, params: Params) -> f32 {
    let s = bend(x, params);
    let sum = add(vec2<f32>(s.a, 0.0), s.root);
    let above = divide(sum, 2.0 * s.root);
    let raised = raise(s);
    let below = divide(divide(vec2<f32>(s.b * power_of_two(raised), 0.0), sum), 2.0 * s.root);
    let y = select(above, below, x < 0.0);
    return scale(y.x + y.y, select(0, -s.k - raised, x < 0.0));
}

// 1/(4 sqrt(x^2 + b)).
fn gradient_by_b(x: f32, params: Params) -> Gradient {
    let s = bend(x, params);
    let y = divide(vec2<f32>(0.25, 0.0), s.root);
    return Gradient(select(0.0, y.x + y.y, is_finite(x)), -s.k);
}

// b/(2 (x^2 + b)^(3/2)).
fn second_derivative(x: f32, params: Params) -> Scaled {
    let s = bend(x, params);
    let y = scaled_times(over_cube(vec2<f32>(0.5, 0.0), s.root), params.b);
    return scaled_select(FLAT, Scaled(y.value, y.k - 3 * s.k), is_finite(x));
}
