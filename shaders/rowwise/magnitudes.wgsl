// What the statistics of a row tell about the size of its numbers.

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
