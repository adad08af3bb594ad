// Squares, max((z - tau)/T, 0)^2, where z has half the distance (Peters, Niculae & Martins 2019). A step is
// (sum of squares - T^2)/(2 sum of roots), with the roots z - tau. The mean of dy is weighted by the roots.

// A step below which the next would change nothing: steps shrink as their squares do.
const SMALL_STEP: f32 = 9.313225746154785e-10;

const DISTANCE_SLOPE: f32 = 0.5;

// Whether the threshold is right, which `peak_low` tells. From y it is not needed.
fn is_settled(s: Statistics) -> bool {
    return DIRECTION == FROM_OUTPUT || s.peak_low == 1.0;
}

// The root of an entry of the support, times T unless it is from y. Some adapters take subnormal numbers for 0.
fn root_of(e: Entry, s: Statistics) -> vec2<f32> {
    if DIRECTION == FROM_OUTPUT {
        return square_root(vec2<f32>(max(e.x, 1.1754943508222875e-38), 0.0));
    }
    let root = excess(e.x, s);
    return fast_two_sum(root.x, root.y);
}

// `sum` adds squares and `dot` adds roots. For a gradient there is one more round after tau is settled, in which `sum` adds
// roots and `dot` adds their products with dy.
fn with_supported(s: Statistics, e: Entry) -> Statistics {
    var t = s;
    let root = root_of(e, s);
    let of_gradient = DIRECTION != FORWARD && is_settled(s);
    let product = multiply(root, select(root, vec2<f32>(lifted(e.dy, s), 0.0), of_gradient));
    t.sum = add(t.sum, select(product, root, of_gradient));
    t.dot = add(t.dot, select(root, product, of_gradient));
    return t;
}

fn stepped(s: Statistics) -> Statistics {
    var t = s;
    let some = s.position > 0u;
    if is_settled(s) {
        t.dot = select(vec2<f32>(0.0), divide(s.dot, select(vec2<f32>(1.0, 0.0), s.sum, some)), some);
        return t;
    }
    // Rounding may carry tau past the root by a little. Then the last step leads back.
    let over = add(s.sum, -two_product(temperature_in_units(), temperature_in_units()));
    let step = select(0.0, (over.x + over.y) / (2.0 * (s.dot.x + s.dot.y)), some);
    let threshold = two_sum(s.threshold.x, step);
    t.threshold = fast_two_sum(threshold.x, threshold.y + s.threshold.y);
    t.peak_low = select(1.0, 0.0, step > SMALL_STEP);
    return t;
}

fn is_over(previous: Statistics, s: Statistics) -> bool {
    return select(is_settled(previous), is_settled(s), DIRECTION == FORWARD);
}

fn supported_value(e: Entry, s: Statistics) -> f32 {
    let root = from_units(root_of(e, s));
    let y = multiply(root, root);
    return y.x + y.y;
}

fn supported_gradient(e: Entry, s: Statistics) -> vec2<f32> {
    if DIRECTION == FROM_OUTPUT {
        return multiply(root_of(e, s), deviation(e, s));
    }
    return multiply(from_units(root_of(e, s)), deviation(e, s));
}
