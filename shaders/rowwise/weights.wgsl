// Weights e^((score - peak)/temperature) of entries, and their sums, for f32 results: compensated.

// (score - peak)/temperature. The rounding error of the difference may cost the exponential 64 units. A large score
// with noise may differ from the peak only by its lower part.
fn distance_to(s: Statistics, z: vec2<f32>) -> vec2<f32> {
    let half = halving(z.x, s.peak);
    var d = two_sum(halved(z.x, half), -halved(s.peak, half));
    if NOISY {
        let low = d.y + half * (z.y - s.peak_low);
        d = select(vec2<f32>(d.x, 0.0), two_sum(d.x, low), is_finite(d.x));
    }
    return tempered(d, half);
}

// 2^24 e^d for d <= 0, within a unit; 0 below e^-104. See `exponential`.
fn raised(d: vec2<f32>) -> f32 {
    let x = max(d.x, -104.0);
    let k = round(x * 1.44269504);
    let r = (opaque(x - k * 0.693359375) - k * -2.12194440e-4) + d.y;
    let y = 1.0 + (r + r * r * exponential_rest(r));
    return select(0.0, y * power_of_two(i32(k) + 24), d.x > -104.0);
}

// The share of a weight, once `sum` is the inverse of the sum.
fn portion(weight: f32, s: Statistics) -> f32 {
    return weight * s.sum.x + weight * s.sum.y;
}

// The share of an entry times a lifted factor. The factor's lower part absorbs that of the inverse, so there are only
// three roundings.
fn share_times(e: Entry, weight: f32, factor: vec2<f32>, s: Statistics) -> f32 {
    if DIRECTION == FROM_OUTPUT {
        return share_of_output(e.x) * (factor.x + factor.y);
    }
    return weight * (factor.x + (factor.y + factor.x * s.sum.y)) * s.sum.x;
}

// a + b for b >= 0, where a is a sum of such terms.
fn add_weight(a: vec2<f32>, b: f32) -> vec2<f32> {
    let sum = fast_two_sum(max(a.x, b), min(a.x, b));
    return vec2<f32>(sum.x, a.y + sum.y);
}

fn inverse_of(divisor: vec2<f32>) -> vec2<f32> {
    return divide(vec2<f32>(1.0, 0.0), divisor);
}

// d - logarithm, for d <= 0 and the logarithm of a sum of at least 1.
fn less(d: vec2<f32>, logarithm: vec2<f32>) -> f32 {
    let y = add(d, -logarithm);
    return y.x + y.y;
}

// a - b with its rounding error.
fn minus(a: f32, b: vec2<f32>) -> vec2<f32> {
    let y = two_sum(a, -b.x);
    return vec2<f32>(y.x, y.y - b.y);
}
