struct Params {
    beta: f32,
}

// beta * x keeps its rounding error. Rounded, it would cost the exponential tens of units.
fn activation(x: f32, params: Params) -> f32 {
    let limit = argument_limit(params.beta, 200.0);
    let z = argument_of(params.beta, x, limit, 200.0);
    return select(swish_product(clamp(x, -limit, limit), z), x, abs(x) > limit && z.x >= 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    let z = argument_of(params.beta, x, argument_limit(params.beta, 200.0), 200.0);
    return swish_slope(z, z);
}

// x^2 logistic'(beta x). The unit of x makes its square a normal float. Beyond |beta x| = 400 the result is 0.
fn gradient_by_beta(x: f32, params: Params) -> Gradient {
    let limit = argument_limit(params.beta, 400.0);
    let s = logistic_derivative(argument_of(params.beta, x, limit, 400.0));
    let clamped = clamp(x, -limit, limit);
    let k = exponent_of(clamped);
    let factor = vec2<f32>(clamped * power_of_two(-k), 0.0);
    let y = multiply(multiply(s.value, factor), factor);
    return Gradient(y.x + y.y, s.k + 2 * k);
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    return scaled_times(swish_curvature(argument_of(params.beta, x, argument_limit(params.beta, 200.0), 200.0)), params.beta);
}
