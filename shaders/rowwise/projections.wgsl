// Projections onto the simplex, functions of (z - tau)/T, where z is x relative to the row's peak and T the temperature, both
// in the units of `in_units`. Round 0 finds the peak. Each further round is a Newton step for tau, upwards from -T: the sum
// of the results is convex and falls, so no step passes the root. A step divides slope times value by 4 or more, so 64
// rounds always suffice.

const ROUNDS: u32 = select(64u, 2u, DIRECTION == FROM_OUTPUT);
const PLACED: bool = false;
const WEIGHTED: bool = false;

// `position` counts the entries above the threshold; `sum` and `dot` are the function's.
fn start(state: Statistics, round: u32) -> Statistics {
    var s = state;
    s.sum = vec2<f32>(0.0);
    s.dot = vec2<f32>(0.0);
    s.position = 0u;
    return s;
}

// x - peak, or the function's part of it.
fn distance_to(s: Statistics, x: f32) -> vec2<f32> {
    let half = halving(x, s.peak);
    return DISTANCE_SLOPE * in_units(two_sum(halved(x, half), -halved(s.peak, half)), half);
}

// z - tau.
fn excess(x: f32, s: Statistics) -> vec2<f32> {
    let z = distance_to(s, x);
    return select(vec2<f32>(-4.0, 0.0), add(z, -s.threshold), z.x > -4.0);
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
        t = with_supported(t, e);
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
        max(a.peak, b.peak), a.peak_low, a.position + b.position, max(a.magnitude, b.magnitude), max(a.reach, b.reach),
        add(a.sum, b.sum), add(a.dot, b.dot), a.threshold,
    );
}

fn finalize(s: Statistics, round: u32) -> Statistics {
    var t = s;
    if round == 0u {
        t.threshold = vec2<f32>(-temperature_in_units(), 0.0);
        return t;
    }
    return stepped(s);
}

fn weight(e: Entry, s: Statistics) -> f32 {
    return 0.0;
}

// dy minus the row's mean, lifted.
fn deviation(e: Entry, s: Statistics) -> vec2<f32> {
    let distance = two_sum(lifted(e.dy, s), -s.dot.x);
    return vec2<f32>(distance.x, distance.y - s.dot.y);
}

fn value(e: Entry, weight: f32, s: Statistics) -> f32 {
    var y: f32;
    if DIRECTION == FORWARD {
        y = supported_value(e, s);
    } else {
        y = per_temperature_scaled(supported_gradient(e, s), -lift_exponent(s));
    }
    return not_a_number_unless(!has_nan(s) && !has_infinite_peak(s), select(0.0, y, is_supported(e, s)));
}
