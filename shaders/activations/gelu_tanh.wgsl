// 2 sqrt(2/pi) and its product with 0.044715, each in two parts.
const LINEAR: vec2<f32> = vec2<f32>(1.5957692, -4.534068e-08);
const CUBIC: vec2<f32> = vec2<f32>(0.071354814, 2.3988325e-09);

// The low part is opaque, because Mesa drops it from sums where it sees its value.
fn linear() -> vec2<f32> {
    return vec2<f32>(LINEAR.x, opaque(LINEAR.y));
}

// The argument keeps its rounding error. Rounded, it would cost the exponential 200 units.
fn argument(x: f32) -> vec2<f32> {
    let cubic = precise_product(CUBIC, two_product(x, x));
    return precise_product(precise_sum(linear(), cubic), vec2<f32>(x, 0.0));
}

fn activation(x: f32, params: Params) -> f32 {
    let c = clamp(x, -13.5, 13.5);
    return select(swish_product(c, argument(c)), x, x > 13.5);
}

// Of the product w the lower part alone counts: near the root of the derivative it is added to a sum that cancels.
fn derivative_plain(x: f32, params: Params) -> f32 {
    let c = clamp(x, -13.5, 13.5);
    let cubic = CUBIC.x * (c * c);
    return swish_slope(argument(c), two_product(LINEAR.x + 3.0 * cubic, c));
}

fn derivative(x: f32, params: Params) -> f32 {
    let c = clamp(x, -13.5, 13.5);
    let square = two_product(c, c);
    let cubic = multiply(CUBIC, square);
    let w = multiply(add(linear(), cubic * 3.0), vec2<f32>(c, 0.0));
    return swish_slope(argument(c), w);
}
