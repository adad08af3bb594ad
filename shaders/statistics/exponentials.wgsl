// The softmax family. Round 0 finds the largest score of a row, so that round 1 sums e^((score - peak)/temperature)
// in one scale, as a double-float: beside a dominant entry the others' sum stays intact for the logarithm.

const ROUNDS: u32 = select(2u, 1u, PASS == FROM_OUTPUT || ONLY_PEAK);
const SOME_SEEN: u32 = 2u;

fn start(state: Statistics, round: u32) -> Statistics {
    return state;
}

// (score - peak)/temperature. The rounding error of the difference alone may be 64 units of its exponential.
fn distance_to(peak: f32, z: vec2<f32>) -> vec2<f32> {
    var d = two_sum(z.x, -peak);
    d.y += z.y;
    if call.inverse_temperature.x != 1.0 {
        d = multiply(d, call.inverse_temperature);
    }
    return select(vec2<f32>(d.x, 0.0), d, is_finite(d.x));
}

fn raised(d: vec2<f32>) -> f32 {
    let e = exponential(select(vec2<f32>(-104.0, 0.0), d, d.x > -104.0));
    return scale(1.0 + (e.v.x + e.v.y), e.k);
}

fn weight(e: Entry, s: Statistics) -> f32 {
    let z = score(e.x, e.number);
    return select(0.0, raised(distance_to(s.peak, z)), z.x != negative_infinity());
}

// The share of a weight once `sum` is the inverse of the sum.
fn portion(weight: f32, s: Statistics) -> f32 {
    return weight * s.sum.x + weight * s.sum.y;
}

fn include(s: Statistics, e: Entry, round: u32) -> Statistics {
    var t = s;
    if !e.kept {
        return t;
    }
    if PASS == FROM_OUTPUT {
        let y = share_of_output(e.x);
        t.flags |= select(select(0u, SOME_SEEN, y > 0.0), NAN_SEEN, is_nan(e.x));
        t.dot = add(t.dot, two_product(select(y, 1.0, UNWEIGHTED), e.dy));
    } else if round == 0u {
        let z = score(e.x, e.number);
        t.flags |= select(0u, NAN_SEEN, is_nan(e.x));
        if z.x > t.peak || z.x == t.peak && z.y > t.peak_low {
            t.peak = z.x;
            t.peak_low = z.y;
            t.position = e.position;
        }
    } else {
        let w = weight(e, s);
        t.sum = add(t.sum, vec2<f32>(w, 0.0));
        if PASS == BACKWARD {
            t.dot = add(t.dot, two_product(select(w, 1.0, UNWEIGHTED), e.dy));
        }
    }
    return t;
}

fn merge(a: Statistics, b: Statistics) -> Statistics {
    let higher = b.peak > a.peak || b.peak == a.peak && b.peak_low > a.peak_low;
    let same = b.peak == a.peak && b.peak_low == a.peak_low;
    return Statistics(
        select(a.peak, b.peak, higher),
        select(a.peak_low, b.peak_low, higher),
        select(select(a.position, b.position, higher), min(a.position, b.position), same),
        a.flags | b.flags,
        add(a.sum, b.sum),
        add(a.dot, b.dot),
        a.threshold,
    );
}

// Afterwards `sum` is the inverse of the sum, or its logarithm, and `dot` the share-weighted mean; 0 for a row of nothing.
fn settle(s: Statistics, round: u32) -> Statistics {
    var t = s;
    if PASS == FROM_OUTPUT {
        return t;
    }
    if round == 0u {
        t.peak = least_peak(s.peak);
        return t;
    }
    let parts = add(s.sum, first_term(s.peak));
    // The errors of a long sum may add up to more than a unit of it.
    let sum = fast_two_sum(parts.x, parts.y);
    let some = sum.x > 0.0;
    let divisor = select(vec2<f32>(1.0, 0.0), sum, some);
    let inverse = select(vec2<f32>(0.0), divide(vec2<f32>(1.0, 0.0), divisor), some);
    t.flags |= select(0u, SOME_SEEN, some);
    t.sum = inverse;
    if LOGARITHMIC && PASS == FORWARD {
        t.sum = logarithm(divisor);
    }
    if !UNWEIGHTED {
        t.dot = multiply(s.dot, inverse);
    }
    return t;
}

fn is_over(previous: Statistics, s: Statistics) -> bool {
    return false;
}

fn has(s: Statistics, flag: u32) -> bool {
    return (s.flags & flag) != 0u;
}

fn has_infinite_peak(s: Statistics) -> bool {
    return bitcast<u32>(s.peak) == 0x7f800000u;
}

// No shares of a whole belong to +infinity.
fn value(e: Entry, s: Statistics) -> f32 {
    var y: f32;
    if PASS == FORWARD {
        y = forward_value(e, s);
    } else {
        let some = e.kept && has(s, SOME_SEEN);
        let share = select(portion(weight(e, s), s), share_of_output(e.x), PASS == FROM_OUTPUT);
        y = select(0.0, backward_value(share, e.dy, s), some);
    }
    return not_a_number_unless(!has(s, NAN_SEEN) && (ONLY_PEAK || !has_infinite_peak(s)), y);
}
