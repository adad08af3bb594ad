// The gradient by x of the softmax family's own gradient: dx of a double backward pass. With shares y, and v the gradient
// by what the backward pass gave, it is
//
// - y((dy - s)(v - t) - c)/T^2 where dx was y(dy - s)/T: s and t are the means of dy and v weighted by y, and
//   c = sum of y dy v, minus s t;
// - -S y(v - t)/T^2 where dx was (dy - y S)/T: S is the sum of dy.
//
// Round 0 finds the row's largest score, dy and v, round 1 takes the sums. c is a small difference of large sums, so all
// sums keep the errors of their products.

const ROUNDS: u32 = 2u;

fn start(state: Statistics, round: u32) -> Statistics {
    return state;
}

// The power of two that brings a row's largest number near 2^30. Then no product of dy, v and a weight overflows, nor a
// sum of 2^31 of them.
fn moderation(largest: u32) -> i32 {
    return 30 - max(i32(largest >> 23u) - 127, -97);
}

fn moderate(number: f32, largest: u32) -> f32 {
    return number * power_of_two(moderation(largest));
}

// What a number tells of the largest one. Where shares weigh it, one without a share tells only that the row has an infinity
// or NaN.
fn measure_of(number: f32, counts: bool) -> u32 {
    let magnitude = magnitude_of(number);
    return select(0u, magnitude, counts || magnitude >= 0x7f800000u);
}

fn accumulate(s: Statistics, e: Entry, round: u32) -> Statistics {
    var t = s;
    if !e.kept {
        return t;
    }
    if round == 0u {
        let z = counted(e).x;
        let has_share = z > negative_infinity();
        t.magnitude = max(t.magnitude, magnitude_of(e.x));
        t.reach = max(t.reach, measure_of(e.dy, UNWEIGHTED || has_share));
        t.tangent_reach = max(t.tangent_reach, measure_of(e.v, has_share));
        t.peak = max(t.peak, z);
        return t;
    }
    let w = weight(e, s);
    let dy = select(moderate(e.dy, s.reach), 0.0, w == 0.0 && !UNWEIGHTED);
    let v = select(moderate(e.v, s.tangent_reach), 0.0, w == 0.0);
    let of_dy = two_product(w, dy);
    t.sum = add_weight(t.sum, w);
    t.tangent = add(t.tangent, two_product(w, v));
    if UNWEIGHTED {
        t.dot = add(t.dot, vec2<f32>(dy, 0.0));
    } else {
        t.dot = add(t.dot, of_dy);
        t.cross = add(t.cross, multiply_by(of_dy, v));
    }
    return t;
}

fn merge(a: Statistics, b: Statistics, round: u32) -> Statistics {
    var t = a;
    if round == 0u {
        t.magnitude = max(a.magnitude, b.magnitude);
        t.reach = max(a.reach, b.reach);
        t.tangent_reach = max(a.tangent_reach, b.tangent_reach);
        t.peak = max(a.peak, b.peak);
    } else {
        t.sum = add(a.sum, b.sum);
        t.dot = add(a.dot, b.dot);
        t.tangent = add(a.tangent, b.tangent);
        t.cross = add(a.cross, b.cross);
    }
    return t;
}

// After the last round `sum` is the inverse of the sum, `dot` is s or S, `tangent` is t, and `cross` is c. A row without
// entries has 0.
fn finalize(s: Statistics, round: u32) -> Statistics {
    var t = s;
    if round == 0u {
        // At least the most negative float, so that -infinity minus the peak is -infinity, not NaN.
        t.peak = max(least_peak(s.peak), -LARGEST);
        return t;
    }
    let parts = add(s.sum, first_term(s.peak));
    let sum = fast_two_sum(parts.x, parts.y);
    let some = sum.x > 0.0 && (!REMAINDER || s.sum.x > 0.0);
    t.sum = select(vec2<f32>(0.0), divide(vec2<f32>(1.0, 0.0), select(vec2<f32>(1.0, 0.0), sum, some)), some);
    t.tangent = multiply(s.tangent, t.sum);
    if !UNWEIGHTED {
        t.dot = multiply(s.dot, t.sum);
        t.cross = add(multiply(s.cross, t.sum), -multiply(t.dot, t.tangent));
    }
    return t;
}

fn is_over(previous: Statistics, s: Statistics) -> bool {
    return false;
}

// What the share of an entry multiplies.
fn factor_of(e: Entry, s: Statistics) -> vec2<f32> {
    let v = add(vec2<f32>(moderate(e.v, s.tangent_reach), 0.0), -s.tangent);
    if UNWEIGHTED {
        return -multiply(s.dot, v);
    }
    let dy = add(vec2<f32>(moderate(e.dy, s.reach), 0.0), -s.dot);
    return add(multiply(dy, v), -s.cross);
}

// Factor and weight may both be small where the scale is large, so their powers of two stay apart.
fn value(e: Entry, weight: f32, s: Statistics) -> f32 {
    // The upper part may cancel altogether and leave the lower one.
    let parts = factor_of(e, s);
    let factor = two_sum(parts.x, parts.y);
    let factor_k = exponent_of(factor.x);
    let weight_k = exponent_of(weight);
    let share = multiply_by(s.sum, weight * power_of_two(-weight_k));
    let per_square = multiply(uniforms.inverse_temperature, uniforms.inverse_temperature);
    let dx = multiply(multiply(factor * power_of_two(-factor_k), share), per_square);
    let scales = 2 * uniforms.temperature_exponent - moderation(s.reach) - moderation(s.tangent_reach);
    let k = clamp(scales + factor_k + weight_k, -378, 378);
    // An infinity among dy and v leaves infinities or NaN.
    let valid = s.reach < 0x7f800000u && s.tangent_reach < 0x7f800000u;
    let y = not_a_number_unless(valid, select(scale_far(dx.x + dx.y, k), 0.0, weight == 0.0));
    return not_a_number_unless(!has_nan(s) && !has_infinite_peak(s), select(0.0, y, e.kept && s.sum.x > 0.0));
}
