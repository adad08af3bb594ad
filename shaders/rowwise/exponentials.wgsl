// The softmax family. Round 0 finds a row's largest score. Round 1 sums e^((score - peak)/temperature) in that scale,
// with its rounding errors: beside a dominant entry the others' sum stays intact for the logarithm. Gradients have
// their own scale, which round 0 finds, too.

const ROUNDS: u32 = select(2u, 1u, ONLY_PEAK);
// Whether the position of the peak and its lower part matter.
const PLACED: bool = ONLY_PEAK || NOISY;
// Whether a row has one result, the temperature times a logarithm, whose gradient has the temperature cancelled.
const REDUCED: bool = LOGARITHMIC && !UNWEIGHTED;
// Whether results need the weights of the last round.
const WEIGHTED: bool = (DIRECTION == BACKWARD && !ONLY_PEAK) || (DIRECTION == FORWARD && !LOGARITHMIC);

fn start(state: Statistics, round: u32) -> Statistics {
    return state;
}

// The first entry of a row brings the sink with it, even where a mask leaves that entry out.
fn accumulate(s: Statistics, e: Entry, round: u32) -> Statistics {
    var t = s;
    if round == 0u {
        t.magnitude = max(t.magnitude, select(0u, magnitude_of(e.x), e.kept));
        if COUNTED {
            t.position += u32(e.kept);
        }
        if DIRECTION != FORWARD {
            t.reach = max(t.reach, select(0u, magnitude_of(e.dy), e.kept));
        }
        if DIRECTION == FROM_OUTPUT {
            // Whether any share exists.
            t.sum.x = max(t.sum.x, select(0.0, share_of_output(e.x), e.kept));
        } else {
            let z = counted(e);
            if !PLACED {
                t.peak = max(t.peak, z.x);
                if SINK && e.position == 0u {
                    let sink = sink_of(e.row);
                    t.magnitude = max(t.magnitude, magnitude_of(sink));
                    t.peak = max(t.peak, sink);
                }
            } else if z.x > t.peak || (z.x == t.peak && z.y > t.peak_low) {
                t.peak = z.x;
                t.peak_low = z.y;
                t.position = e.position;
            }
        }
    } else {
        var w: f32;
        if DIRECTION == FROM_OUTPUT {
            w = select(0.0, share_of_output(e.x), e.kept);
        } else {
            w = weight(e, s);
            t.sum = add_weight(t.sum, w);
            if SINK && e.position == 0u {
                t.threshold.x = raised(distance_to(s, vec2<f32>(sink_of(e.row), 0.0)));
                t.sum = add_weight(t.sum, t.threshold.x);
            }
        }
        if DIRECTION != FORWARD {
            let dy = select(0.0, lifted(e.dy, s), e.kept);
            t.dot = add(t.dot, vec2<f32>(select(w * dy, dy, UNWEIGHTED), 0.0));
        }
    }
    return t;
}

fn merge(a: Statistics, b: Statistics, round: u32) -> Statistics {
    var t = a;
    if round > 0u {
        if DIRECTION != FROM_OUTPUT {
            t.sum = add(a.sum, b.sum);
        }
        if SINK {
            // One lane has met the sink.
            t.threshold.x = max(a.threshold.x, b.threshold.x);
        }
        if DIRECTION != FORWARD {
            t.dot = add(a.dot, b.dot);
        }
    } else {
        t.magnitude = max(a.magnitude, b.magnitude);
        t.reach = max(a.reach, b.reach);
        if COUNTED {
            t.position = a.position + b.position;
        }
        if DIRECTION == FROM_OUTPUT {
            t.sum.x = max(a.sum.x, b.sum.x);
        } else if !PLACED {
            t.peak = max(a.peak, b.peak);
        } else {
            let higher = b.peak > a.peak || (b.peak == a.peak && b.peak_low > a.peak_low);
            let same = b.peak == a.peak && b.peak_low == a.peak_low;
            t.peak = select(a.peak, b.peak, higher);
            t.peak_low = select(a.peak_low, b.peak_low, higher);
            t.position = select(select(a.position, b.position, higher), min(a.position, b.position), same);
        }
    }
    return t;
}

// After the last round `sum` is the inverse of the sum, or its logarithm. For gradients it is the inverse divided by
// the temperature, and the lower part as a fraction of it. `dot` is the mean weighted by the shares, and `threshold` the
// share of the sink. A row without entries has 0.
fn finalize(s: Statistics, round: u32) -> Statistics {
    var t = s;
    if DIRECTION == FROM_OUTPUT {
        return t;
    }
    if round == 0u {
        // At least the most negative float, so that -infinity minus the peak is -infinity, not NaN.
        t.peak = max(least_peak(s.peak), -LARGEST);
        return t;
    }
    let parts = add(s.sum, first_term(s.peak));
    // The errors of a long sum may add up to more than one unit of it.
    let sum = fast_two_sum(parts.x, parts.y);
    // An additional entry alone has no gradient.
    let some = sum.x > 0.0 && (!REMAINDER || DIRECTION != BACKWARD || s.sum.x > 0.0);
    let divisor = select(vec2<f32>(1.0, 0.0), sum, some);
    let inverse = select(vec2<f32>(0.0), inverse_of(divisor), some);
    t.sum = inverse;
    if LOGARITHMIC && DIRECTION == FORWARD {
        t.sum = select(vec2<f32>(negative_infinity(), 0.0), logarithm(divisor / WEIGHT_OF_ONE), some);
    }
    if SINK {
        t.threshold = multiply_by(inverse, s.threshold.x);
    }
    if !UNWEIGHTED {
        t.dot = multiply(s.dot, inverse);
    }
    if DIRECTION == BACKWARD {
        var factor = inverse;
        if !UNWEIGHTED && !REDUCED {
            factor = multiply(inverse, uniforms.inverse_temperature);
        }
        t.sum = vec2<f32>(factor.x, factor.y / select(1.0, factor.x, some));
    }
    return t;
}

fn is_over(previous: Statistics, s: Statistics) -> bool {
    return false;
}

// A peak of +infinity has no shares, so the result is NaN.
fn value(e: Entry, weight: f32, s: Statistics) -> f32 {
    var y: f32;
    if DIRECTION == FORWARD {
        y = forward_value(e, weight, s);
    } else {
        var lifted_entry = e;
        lifted_entry.dy = lifted(e.dy, s);
        let k = select(uniforms.temperature_exponent, 0, REDUCED);
        let dx = scale(backward_value(lifted_entry, weight, s), k - lift_exponent(s));
        let valid = ONLY_PEAK || !has_nan_gradient(s);
        y = select(0.0, not_a_number_unless(valid, dx), e.kept && s.sum.x > 0.0);
    }
    return not_a_number_unless(!has_nan(s) && (ONLY_PEAK || !has_infinite_peak(s)), y);
}
