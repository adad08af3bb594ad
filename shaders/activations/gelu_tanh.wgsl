// 2 sqrt(2/pi) and its product with 0.044715, each in two parts.
const LINEAR: vec2<f32> = vec2<f32>(1.5957692, -4.534068e-08);
const CUBIC: vec2<f32> = vec2<f32>(0.071354814, 2.3988325e-09);
// Three times that.
const CUBIC_SLOPE: vec2<f32> = vec2<f32>(0.21406444907188416, -2.5408339321408846e-10);

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

// It is even. With e = e^-|z| and p = |x| z'^2 it is e (2z' + x z'' - p + (2z' + x z'' + p) e)/(1 + e)^3. The difference cancels.
fn second_derivative(x: f32, params: Params) -> Scaled {
    let a = min(abs(x), 13.5);
    let cubic = precise_product(CUBIC_SLOPE, two_product(a, a));
    let slope = precise_sum(linear(), cubic);
    let bend = precise_sum(2.0 * linear(), 4.0 * cubic);
    let pull = precise_product(precise_product(slope, slope), vec2<f32>(a, 0.0));
    let e = decay(-argument(a));
    let d = one_plus(e.small);
    let difference = precise_sum(bend, -pull);
    let factor = add(fast_two_sum(difference.x, difference.y), multiply(e.small, add(bend, pull)));
    return Scaled(divide_moderate(divide_twice(multiply(e.mantissa, factor), d), d), e.k);
}
