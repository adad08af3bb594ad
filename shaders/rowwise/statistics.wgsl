// The statistics of a row: its largest score and that score's position, the bits of the largest |x| and |dy|, and sums.
// As bits, NaN is above infinity.

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

fn magnitude_of(x: f32) -> u32 {
    return bitcast<u32>(x) & 0x7fffffffu;
}

fn has_nan(s: Statistics) -> bool {
    return s.magnitude > 0x7f800000u;
}

fn has_nan_gradient(s: Statistics) -> bool {
    return s.reach > 0x7f800000u;
}

// Gradients are multiplied by a power of two that brings a row's largest near 2^63. Then no product with a weight
// overflows, nor a sum of 2^31 products, and none vanishes that counts beside the largest.
fn lift_exponent(s: Statistics) -> i32 {
    return 63 - max(i32(s.reach >> 23u) - 127, -64);
}

fn lifted(dy: f32, s: Statistics) -> f32 {
    return dy * power_of_two(lift_exponent(s));
}

fn has_infinite_peak(s: Statistics) -> bool {
    return bitcast<u32>(s.peak) == 0x7f800000u;
}
