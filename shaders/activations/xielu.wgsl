struct Params {
    alpha_p: f32,
    alpha_n: f32,
    beta: f32,
}

// (e^c - 1 - c)/c^2 for c in [-1, 0], which cancels. It is computed as 1/2 + c P(c), a minimax fit.
fn remainder_ratio(c: f32) -> vec2<f32> {
    let p = ((((1.71137945e-5 * c + 1.88930760e-4) * c + 1.38299773e-3) * c + 8.33149720e-3) * c + 4.16664146e-2) * c + 0.166666657;
    return fast_two_sum(0.5, c * p);
}

// Large parameters are halved: their sums may overflow where the result does not.
fn unit_of(a: f32, b: f32) -> f32 {
    return select(1.0, 0.5, max(abs(a), abs(b)) > 1e38);
}

// slope * x. A slope of 0 gives 0 at infinity, too.
fn along(slope: f32, x: f32) -> f32 {
    return slope * select(x, 0.0, slope == 0.0);
}

fn positive(x: f32, params: Params) -> f32 {
    let unit = unit_of(params.alpha_p, params.beta);
    let alpha_p = params.alpha_p * unit;
    let beta = params.beta * unit;
    let factor = add(product_with(clamp(x, 0.0, LARGEST), alpha_p), vec2<f32>(beta, 0.0));
    let product = along(alpha_p, x);
    return along(select(factor.x + factor.y, product + beta, abs(product) > 1e30), x) / unit;
}

// Away from 0 it is alpha_n (e^x - 1) + (beta - alpha_n) x. The limit at -infinity is right even if the slope is 0.
fn negative(x: f32, params: Params) -> f32 {
    let unit = unit_of(params.alpha_n, params.beta);
    let alpha_n = params.alpha_n * unit;
    let beta = params.beta * unit;
    let c = max(x, -1.0);
    // The factors c are multiplied one by one: c^2 may vanish where its product with alpha_n does not.
    let curved = multiply(multiply(product_with(c, alpha_n), remainder_ratio(c)), vec2<f32>(c, 0.0));
    let near = add(curved, product_with(c, beta));
    let slope = two_sum(beta, -alpha_n);
    let line = precise_product(slope, vec2<f32>(select(x, 0.0, slope.x == 0.0), 0.0));
    let raised = precise_product_with(precise_expm1_negative(vec2<f32>(x, 0.0)), alpha_n);
    let far = precise_sum(raised, line);
    return select(select(line.x, far.x + far.y, is_finite(far.x)), near.x + near.y, x > -1.0) / unit;
}

fn activation(x: f32, params: Params) -> f32 {
    return select(negative(min(x, 0.0), params), positive(max(x, 0.0), params), x > 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    let unit = select(unit_of(params.alpha_n, params.beta), unit_of(params.alpha_p, params.beta), x > 0.0);
    let beta = vec2<f32>(params.beta * unit, 0.0);
    let alpha_p = params.alpha_p * unit;
    let alpha_n = params.alpha_n * unit;
    let above = add(2.0 * product_with(clamp(x, 0.0, LARGEST), alpha_p), beta);
    let below = precise_sum(precise_product_with(precise_expm1_negative(vec2<f32>(min(x, 0.0), 0.0)), alpha_n), beta);
    let y = select(below, above, x > 0.0);
    let vanishing = params.beta == params.alpha_n && x < -1.0;
    let d = decay(vec2<f32>(clamp(x, -200.0, 0.0), 0.0));
    let tail = multiply_by(d.mantissa, alpha_n);
    let product = along(alpha_p, x);
    let body = select(y.x + y.y, 2.0 * product + beta.x, x > 0.0 && abs(product) > 1e30);
    return select(body, scale_far(tail.x + tail.y, d.k), vanishing) / unit;
}

// x^2 above 0. The unit of x makes the square a normal float.
fn gradient_by_alpha_p(x: f32, params: Params) -> Gradient {
    let k = exponent_of(x);
    let above = max(x, 0.0) * power_of_two(-k);
    return Gradient(above * above, 2 * k);
}

// e^x - 1 - x below 0, in the same unit.
fn gradient_by_alpha_n(x: f32, params: Params) -> Gradient {
    let k = exponent_of(x);
    let unit = power_of_two(-k);
    let below = min(x, 0.0);
    let near = multiply(two_product(below * unit, below * unit), remainder_ratio(clamp(below, -1.0, 0.0)));
    let far = add(expm1_negative(vec2<f32>(below, 0.0)), vec2<f32>(-below, 0.0));
    let remainder = select(guarded_product(far.x + far.y, unit) * unit, near.x + near.y, below > -1.0);
    return Gradient(select(-below, remainder, is_finite(below)), 2 * k);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let below = scaled_times(exponential_scaled(vec2<f32>(clamp(x, -200.0, 0.0), 0.0)), params.alpha_n);
    return scaled_select(below, Scaled(vec2<f32>(params.alpha_p, 0.0), 1), x > 0.0);
}
