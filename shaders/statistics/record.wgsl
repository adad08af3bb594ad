// What is known of a row: its largest score, where that is, what has been seen, and sums.

struct Statistics {
    peak: f32,
    peak_low: f32,
    position: u32,
    flags: u32,
    sum: vec2<f32>,
    dot: vec2<f32>,
    threshold: vec2<f32>,
}

const NAN_SEEN: u32 = 1u;

fn nothing() -> Statistics {
    return Statistics(negative_infinity(), 0.0, 0u, 0u, vec2<f32>(0.0), vec2<f32>(0.0), vec2<f32>(0.0));
}
