// x + bias, and NaN if either is NaN. NaN is tested by bits, because implementations may assume that none occurs.
fn biased(x: f32, bias: f32) -> f32 {
    return select(select(x + bias, bias, is_nan(bias)), x, is_nan(x));
}
