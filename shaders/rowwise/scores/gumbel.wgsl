// The score of an entry is its value plus noise of its own.

const SCORE_SLOPE: f32 = 1.0;
const NOISY: bool = true;

// An infinity gets no noise, because the error of the sum would be NaN.
fn score(x: f32, element: u32) -> vec2<f32> {
    let finite = is_finite(x);
    let sum = two_sum(select(0.0, x, finite), gumbel_number(element, uniforms.seed));
    return select(vec2<f32>(x, 0.0), sum, finite);
}
