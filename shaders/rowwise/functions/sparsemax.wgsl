// The projection onto the simplex, max(x - tau, 0) (Martins & Astudillo 2016), with x relative to the row's peak. Round
// 0 finds the peak. Each further round is a Newton step for tau (Michelot 1986), upwards from -1: tau = (sum of the
// entries above tau - 1)/count. A step divides slope times value by 4 or more, so 64 rounds always suffice.

const ROUNDS: u32 = select(64u, 2u, DIRECTION == FROM_OUTPUT);
const PLACED: bool = false;
const WEIGHTED: bool = false;

// `sum` adds the entries above the threshold, `position` counts them, and `dot` adds their dy.
fn start(state: Statistics, round: u32) -> Statistics {
    var s = state;
    s.sum = vec2<f32>(0.0);
    s.dot = vec2<f32>(0.0);
    s.position = 0u;
    return s;
}

// x - peak - tau.
fn excess(x: f32, s: Statistics) -> vec2<f32> {
    let z = two_sum(max(x, -LARGEST), -s.peak);
    return select(vec2<f32>(-1.0, 0.0), add(z, -s.threshold), z.x > -2.0);
}

fn accumulate(s: Statistics, e: Entry, round: u32) -> Statistics {
    var t = s;
    if !e.kept {
        return t;
    }
    if round == 0u {
        t.magnitude = max(t.magnitude, magnitude_of(e.x));
        // An infinity or NaN off the support changes nothing, not even the scale.
        t.reach = max(t.reach, select(magnitude_of(e.dy), 0u, magnitude_of(e.dy) >= 0x7f800000u));
        t.peak = select(t.peak, e.x, e.x > t.peak);
        return t;
    }
    if is_supported(e, s) {
        t.position += 1u;
        t.dot = add(t.dot, vec2<f32>(lifted(e.dy, s), 0.0));
        if DIRECTION != FROM_OUTPUT {
            t.sum = add(t.sum, two_sum(e.x, -s.peak));
        }
    }
    return t;
}

fn is_supported(e: Entry, s: Statistics) -> bool {
    if !e.kept {
        return false;
    }
    if DIRECTION == FROM_OUTPUT {
        return e.x > 0.0;
    }
    let y = excess(e.x, s);
    return y.x + y.y > 0.0 && s.peak != negative_infinity();
}

fn merge(a: Statistics, b: Statistics, round: u32) -> Statistics {
    return Statistics(
        max(a.peak, b.peak), 0.0, a.position + b.position, max(a.magnitude, b.magnitude), max(a.reach, b.reach),
        add(a.sum, b.sum), add(a.dot, b.dot), a.threshold,
    );
}

fn finalize(s: Statistics, round: u32) -> Statistics {
    var t = s;
    if round == 0u {
        t.threshold = vec2<f32>(-1.0, 0.0);
        return t;
    }
    // The count may have more bits than an f32.
    let count = two_sum(f32(max(s.position, 1u) & 0xfffff000u), f32(max(s.position, 1u) & 0xfffu));
    t.dot = divide(s.dot, count);
    if DIRECTION != FROM_OUTPUT && s.position > 0u {
        t.threshold = divide(add(s.sum, vec2<f32>(-1.0, 0.0)), count);
    }
    return t;
}

fn is_over(previous: Statistics, s: Statistics) -> bool {
    return previous.threshold.x < 0.0 && previous.position == s.position;
}

fn weight(e: Entry, s: Statistics) -> f32 {
    return 0.0;
}

fn value(e: Entry, weight: f32, s: Statistics) -> f32 {
    var y: f32;
    if DIRECTION == FORWARD {
        let over = excess(e.x, s);
        y = select(0.0, over.x + over.y, is_supported(e, s));
    } else {
        let distance = two_sum(lifted(e.dy, s), -s.dot.x);
        let dx = scale(distance.x + (distance.y - s.dot.y), -lift_exponent(s));
        y = select(0.0, dx, is_supported(e, s));
    }
    return not_a_number_unless(!has_nan(s) && !has_infinite_peak(s), y);
}
