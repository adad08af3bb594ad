// Building blocks of formulas, and of WGSL text of a user's own: each takes every float, and gives what IEEE gives.

fn infinity() -> f32 {
    return bitcast<f32>(0x7f800000u ^ zero);
}

fn exp_of(x: f32) -> f32 {
    return or_nan(x, exponential_of(x));
}

// ln a for a > 0, as a double-float. A subnormal a is raised by 24 powers of two.
fn ln_pair(a: f32) -> vec2<f32> {
    let is_small = a < 1.1754943508222875e-38;
    let raised = select(a, a * 16777216.0, is_small);
    let y = logarithm(vec2<f32>(clamp(raised, 1.1754943508222875e-38, LARGEST), 0.0));
    return select(y, add(y, vec2<f32>(-16.635532, 4.5711705e-8)), is_small);
}

fn ln_of(x: f32) -> f32 {
    let y = ln_pair(x);
    let limit = select(infinity(), -infinity(), x == 0.0);
    return or_nan(x, not_a_number_unless(x >= 0.0, select(limit, y.x + y.y, x > 0.0 && is_finite(x))));
}

fn sin_of(x: f32) -> f32 {
    let y = sine_of(reduce(x, 0u));
    return or_nan(x, not_a_number_unless(is_finite(x), y.x + y.y));
}

fn cos_of(x: f32) -> f32 {
    let y = sine_of(quarter_turn_on(reduce(x, 0u)));
    return or_nan(x, not_a_number_unless(is_finite(x), y.x + y.y));
}

// x^y as e^(y ln|x|). A negative x needs an integer y.
fn power_of(x: f32, y: f32) -> f32 {
    let a = abs(x);
    let l = ln_pair(a);
    let rough = l.x * y;
    let t = select(vec2<f32>(clamp(rough, -200.0, 200.0), 0.0), precise_product_with(l, y), abs(rough) < 200.0);
    let e = exponential_scaled(t);
    let moderate = scale_far(e.value.x + e.value.y, e.k);
    let extreme = select(0.0, infinity(), (a > 1.0) == (y > 0.0));
    let is_moderate = a > 0.0 && is_finite(x) && is_finite(y);
    let size = select(select(extreme, moderate, is_moderate), 1.0, y == 0.0 || a == 1.0);
    let is_integer = floor(y) == y || !is_finite(y);
    let is_odd = abs(y) < 16777216.0 && is_integer && (i32(y) & 1) == 1;
    let is_negative = (bitcast<u32>(x) >> 31u) == 1u;
    let is_defined = is_integer || x >= 0.0 || !is_finite(x);
    let result = not_a_number_unless(is_defined, select(size, -size, is_negative && is_odd));
    return select(or_nan(y, or_nan(x, result)), 1.0, y == 0.0 || x == 1.0);
}

fn number_of_scaled(n: Scaled) -> f32 {
    return product_with_scaled(1.0, 1.0, n);
}

fn number_of_gradient(g: Gradient) -> f32 {
    return scale_far(g.value, clamp(g.k, -378, 378));
}
