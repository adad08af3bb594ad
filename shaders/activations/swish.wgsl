struct Params {
    beta: f32,
}

// beta * x is carried with its rounding error: rounded, it would cost the exponential tens of units.
fn activation(x: f32, params: Params) -> f32 {
    let limit = argument_limit(params.beta);
    let clamped = clamp(x, -limit, limit);
    let z = two_product(params.beta, clamped);
    return select(swish_product(clamped, z), x, abs(x) > limit && z.x >= 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    let limit = argument_limit(params.beta);
    let z = two_product(params.beta, clamp(x, -limit, limit));
    return swish_slope(z, z);
}

// x^2 logistic'(beta x).
fn parameter_gradient(x: f32, params: Params) -> Params {
    let limit = argument_limit(params.beta);
    let clamped = clamp(x, -limit, limit);
    let y = logistic_derivative(two_product(params.beta, clamped));
    return Params(scale_far((y.value.x + y.value.y) * clamped, y.k) * clamped);
}
