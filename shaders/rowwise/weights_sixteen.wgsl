// Weights e^((score - peak)/temperature) of entries, and their sums, for results of 16 bits. Errors of f32 vanish in the
// rounding, unless something small is left of something large: a noisy score, or a logarithm near 0.

// (score - peak)/temperature. A large score with noise may differ from the peak only by its lower part.
fn distance_to(s: Statistics, z: vec2<f32>) -> vec2<f32> {
    let half = halving(z.x, s.peak);
    let d = halved(z.x, half) - halved(s.peak, half);
    let low = select(0.0, half * (z.y - s.peak_low), NOISY && is_finite(d));
    return tempered(vec2<f32>(d + low, 0.0), half);
}

// 2^24 e^d for d <= 0; 0 where that is below the normal floats.
fn raised(d: vec2<f32>) -> f32 {
    return exp2(1.44269504 * max(d.x, -200.0) + 24.0);
}

// The share of a weight, once `sum` is the inverse of the sum.
fn portion(weight: f32, s: Statistics) -> f32 {
    return weight * s.sum.x;
}

// The share of an entry times a lifted factor.
fn share_times(e: Entry, weight: f32, factor: vec2<f32>, s: Statistics) -> f32 {
    if DIRECTION == FROM_OUTPUT {
        return share_of_output(e.x) * (factor.x + factor.y);
    }
    return weight * (factor.x + factor.y) * s.sum.x;
}

// a + b for b >= 0, where a is a sum of such terms. A long sum needs its lower part, and so does the logarithm of a sum
// near 1.
fn add_weight(a: vec2<f32>, b: f32) -> vec2<f32> {
    if !HELD || (LOGARITHMIC && DIRECTION == FORWARD) {
        let sum = fast_two_sum(max(a.x, b), min(a.x, b));
        return vec2<f32>(sum.x, a.y + sum.y);
    }
    return vec2<f32>(a.x + b, 0.0);
}

fn inverse_of(divisor: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(1.0 / divisor.x, 0.0);
}

// d - logarithm, for d <= 0 and the logarithm of a sum of at least 1.
fn less(d: vec2<f32>, logarithm: vec2<f32>) -> f32 {
    return d.x - (logarithm.x + logarithm.y);
}

// a - b.
fn minus(a: f32, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a - (b.x + b.y), 0.0);
}
