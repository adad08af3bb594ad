struct Params {
    beta: f32,
}

fn activation(x: f32, params: Params) -> f32 {
    return softplus_of(x, params.beta);
}

fn derivative(x: f32, params: Params) -> f32 {
    let y = logistic(argument_of(params.beta, x, argument_limit(params.beta, 200.0), 200.0));
    return scale_decay(y.value.x + y.value.y, y.k);
}

fn derivative_plain(x: f32, params: Params) -> f32 {
    let e = raised_exponential(decay_argument(params.beta, x), 0.0);
    return select(1.0, e, x < 0.0) / (1.0 + e);
}

// (z logistic(z) - ln(1 + e^z))/beta^2 for z = beta x. With a = |z| and e = e^-a it is
// -(a e/(1 + e) + ln(1 + e))/beta^2, where nothing cancels. Beyond a = 18 the sum is e (a + 1 - e (a + 1/2)),
// whose power of two comes last.
fn gradient_by_beta(x: f32, params: Params) -> Gradient {
    let z = argument_of(params.beta, x, argument_limit(params.beta, 400.0), 400.0);
    let a = select(z, -z, z.x < 0.0);
    let e = decay(-a);
    let body = add(multiply(a, divide(e.small, one_plus(e.small))), log1p_unit(e.small));
    let tail = multiply(e.mantissa, add(a, vec2<f32>(1.0, -e.small.x * (a.x + 0.5))));
    let is_tail = a.x > 18.0;
    let k = exponent_of(params.beta);
    let beta = vec2<f32>(params.beta * power_of_two(-k), 0.0);
    let y = divide(divide(-select(body, tail, is_tail), beta), beta);
    return Gradient(y.x + y.y, select(0, e.k, is_tail) - 2 * k);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let z = argument_of(params.beta, x, argument_limit(params.beta, 200.0), 200.0);
    let e = far_decay(select(-z, z, z.x < 0.0));
    return scaled_times(Scaled(divide_twice(e.mantissa, one_plus(e.small)), e.k), params.beta);
}
