// x * factor, and NaN if either is NaN. NaN is tested by bits, because implementations may assume that none occurs.
fn multiplied(x: f32, factor: f32) -> f32 {
    return select(select(x * factor, factor, is_nan(factor)), x, is_nan(x));
}

// x + bias likewise.
fn biased(x: f32, bias: f32) -> f32 {
    return select(select(x + bias, bias, is_nan(bias)), x, is_nan(x));
}
