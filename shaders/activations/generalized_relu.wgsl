struct Params {
    negative_slope: f32,
    max_value: f32,
    threshold: f32,
}

// An infinite max_value never clips, not even infinity.
fn clips(x: f32, params: Params) -> bool {
    return is_finite(params.max_value) && x >= params.max_value;
}

// Large distances are halved first: x - threshold may overflow where its product with the slope does not. The halves
// are opaque, because compilers factor 1/2 out of the difference.
fn activation(x: f32, params: Params) -> f32 {
    let half = select(1.0, 0.5, max(abs(x), abs(params.threshold)) > 1e38);
    let distance = opaque(x * half) - opaque(params.threshold * half);
    let below = params.negative_slope * select(distance, 0.0, params.negative_slope == 0.0) / half;
    return select(select(below, x, x > params.threshold), params.max_value, clips(x, params));
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(select(params.negative_slope, 1.0, x > params.threshold), 0.0, clips(x, params));
}
