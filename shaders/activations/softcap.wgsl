struct Params {
    cap: f32,
}

// x/cap with its rounding error, at most 60 in size, where tanh is 1 and its derivative 0; and cap as cap * 2^k.
struct Ratio {
    z: vec2<f32>,
    cap: f32,
    k: i32,
}

fn ratio(x: f32, params: Params) -> Ratio {
    let k = exponent_of(params.cap);
    let unit = power_of_two(-k);
    let cap = params.cap * unit;
    let limit = select(60.0 * params.cap, LARGEST, k > 120);
    let near = clamp(clamp(x, -limit, limit) * unit, -60.0 * cap, 60.0 * cap);
    // The largest floats may be few caps, which infinity is not.
    let c = select(select(60.0 * cap, -60.0 * cap, x < 0.0), near, is_finite(x));
    return Ratio(precise_quotient(vec2<f32>(c, 0.0), vec2<f32>(cap, 0.0)), cap, k);
}

// Near 0 it is x, whose quotient by cap may be subnormal.
fn activation(x: f32, params: Params) -> f32 {
    let r = ratio(x, params);
    let y = multiply(tanh_of(r.z), vec2<f32>(r.cap, 0.0));
    return select((y.x + y.y) * power_of_two(r.k), x, abs(r.z.x) < 1e-4);
}

fn derivative(x: f32, params: Params) -> f32 {
    return scaled(sech_squared(ratio(x, params).z));
}

// tanh(z) - z sech^2(z) = (1 - e^-2t - 2t e^-t)/(1 + e^-t)^2 with t = 2|z|. Below 2 the numerator, which cancels, is
// e^-t t^3/3 (1 + t^2/20 (1 + t^2/42 (1 + ...))). There z lies in units of 2^k, because its cube may vanish where a product
// with dy does not.
fn gradient_by_cap(x: f32, params: Params) -> Gradient {
    let signed_z = ratio(x, params).z;
    let z = select(signed_z, -signed_z, signed_z.x < 0.0);
    let e = decay(-2.0 * z).small;
    let root = one_plus(e);
    let k = exponent_of(z.x);
    let m = z * power_of_two(-k);
    let t = min(2.0 * z.x, 2.0);
    let u = t * t;
    let rest = u * 0.05 * (1.0 + u / 42.0 * (1.0 + u / 72.0 * (1.0 + u / 110.0 * (1.0 + u / 156.0 * (1.0 + u / 210.0)))));
    let series = multiply(multiply(multiply(m, m), m), multiply(one_plus(vec2<f32>(rest, 0.0)), e));
    let near = divide(8.0 * divide_twice(series, root), vec2<f32>(3.0, 0.0));
    let numerator = add(-expm1_negative(-4.0 * z), -4.0 * multiply(z, e));
    let far = divide_twice(numerator, root);
    let is_near = z.x < 1.0;
    let y = select(far, near, is_near);
    let value = y.x + y.y;
    return Gradient(select(value, -value, x < 0.0), select(0, 3 * k, is_near));
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    // Twice the ratio by twice the cap reaches twice as far, to where it counts if the cap is small.
    let reaching = 2.0 * ratio(x, Params(2.0 * min(params.cap, 1e38))).z;
    let z = select(reaching, ratio(x, params).z, params.cap > 1e38);
    // x/cap alone may be subnormal.
    let near = scaled_over(scaled_number(-2.0 * clamp(x, -1e38, 1e38)), params.cap);
    return scaled_over(scaled_select(tanh_curvature(z), near, abs(z.x) < 1e-12), params.cap);
}
