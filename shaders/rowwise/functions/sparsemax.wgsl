// The projection itself, max(z - tau, 0)/T (Martins & Astudillo 2016), whose steps are those of Michelot 1986: tau = (sum of
// the entries above tau - T)/count.

const DISTANCE_SLOPE: f32 = 1.0;

// `sum` adds the entries above the threshold, and `dot` adds their dy.
fn with_supported(s: Statistics, e: Entry) -> Statistics {
    var t = s;
    t.dot = add(t.dot, vec2<f32>(lifted(e.dy, s), 0.0));
    if DIRECTION != FROM_OUTPUT {
        t.sum = add(t.sum, distance_to(s, e.x));
    }
    return t;
}

fn stepped(s: Statistics) -> Statistics {
    var t = s;
    let count = count_of(s);
    t.dot = divide(s.dot, count);
    if DIRECTION != FROM_OUTPUT && s.position > 0u {
        t.threshold = divide(add(s.sum, vec2<f32>(-temperature_in_units(), 0.0)), count);
    }
    return t;
}

fn is_over(previous: Statistics, s: Statistics) -> bool {
    return previous.threshold.x < 0.0 && previous.position == s.position;
}

fn supported_value(e: Entry, s: Statistics) -> f32 {
    let y = from_units(excess(e.x, s));
    return y.x + y.y;
}

fn supported_gradient(e: Entry, s: Statistics) -> vec2<f32> {
    return deviation(e, s);
}
