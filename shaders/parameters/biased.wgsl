// x + bias, and NaN where one of them is: by bits, because implementations may assume that it does not occur.
fn biased(x: f32, bias: f32) -> f32 {
    return select(select(x + bias, bias, is_nan(bias)), x, is_nan(x));
}
