struct Params {
    alpha: f32,
    beta: f32,
}

// alpha * x + beta with both rounding errors; x is clamped to where that leaves [0, 1].
fn line(x: f32, params: Params) -> vec2<f32> {
    let reach = abs(params.beta) + 2.0;
    let limit = select(reach / max(params.alpha, 1e-38), LARGEST, reach * 3e-39 > params.alpha);
    let product = two_product(params.alpha, clamp(x, -limit, limit));
    return add(product, vec2<f32>(params.beta, 0.0));
}

fn activation(x: f32, params: Params) -> f32 {
    let y = line(x, params);
    // The largest float by a small alpha may stay within.
    return select(select(0.0, 1.0, x > 0.0), clamp(y.x + y.y, 0.0, 1.0), is_finite(x));
}

fn derivative(x: f32, params: Params) -> f32 {
    let y = line(x, params);
    let inside = y.x + y.y > 0.0 && (y.x - 1.0) + y.y < 0.0;
    return select(0.0, params.alpha, inside && is_finite(x));
}
