// The statistics of a row for a double backward pass: its largest score, the bits of the largest |x|, |dy| and |v|, and
// sums. As bits, NaN is above infinity.

struct Statistics {
    peak: f32,
    // Scores of this pass have no noise, and no entry is chosen, so both stay 0.
    peak_low: f32,
    position: u32,
    magnitude: u32,
    reach: u32,
    tangent_reach: u32,
    sum: vec2<f32>,
    dot: vec2<f32>,
    tangent: vec2<f32>,
    cross: vec2<f32>,
}

fn identity() -> Statistics {
    let none = vec2<f32>(0.0);
    return Statistics(negative_infinity(), 0.0, 0u, 0u, 0u, 0u, none, none, none, none);
}
