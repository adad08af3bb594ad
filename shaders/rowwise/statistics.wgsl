// The statistics of a row: its largest score and that score's position, or a count in its place, the bits of the largest
// |x| and |dy|, and sums. As bits, NaN is above infinity.

struct Statistics {
    peak: f32,
    peak_low: f32,
    position: u32,
    magnitude: u32,
    reach: u32,
    sum: vec2<f32>,
    dot: vec2<f32>,
    threshold: vec2<f32>,
}

fn identity() -> Statistics {
    return Statistics(negative_infinity(), 0.0, 0u, 0u, 0u, vec2<f32>(0.0), vec2<f32>(0.0), vec2<f32>(0.0));
}

// The count, at least 1. It may have more bits than an f32.
fn count_of(s: Statistics) -> vec2<f32> {
    let count = max(s.position, 1u);
    return two_sum(f32(count & 0xfffff000u), f32(count & 0xfffu));
}
