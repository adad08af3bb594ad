// An entry counts by its value and noise of its own.

const SCORE_SLOPE: f32 = 1.0;
const NOISY: bool = true;

// An infinity stays alone, because the error of its sum would be NaN.
fn score(x: f32, element: u32) -> vec2<f32> {
    let finite = is_finite(x);
    let sum = two_sum(select(0.0, x, finite), gumbel_number(element, uniforms.seed));
    return select(vec2<f32>(x, 0.0), sum, finite);
}
