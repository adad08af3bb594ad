// The gradient of a shared parameter: the sum of dy times the result's derivative by it, over all elements that share
// it.

const ROUNDS: u32 = 1u;

struct Location {
    element: u32,
    channel: u32,
}

struct Statistics {
    sum: vec2<f32>,
}

fn identity() -> Statistics {
    return Statistics(vec2<f32>(0.0));
}

fn start(state: Statistics, round: u32) -> Statistics {
    return state;
}

fn accumulate(s: Statistics, e: Entry, round: u32) -> Statistics {
    if !e.kept {
        return s;
    }
    let location = Location(e.element, e.row / uniforms.channel_length % uniforms.channels);
    return Statistics(add(s.sum, term(e.dy, e.x, location)));
}

fn merge(a: Statistics, b: Statistics, round: u32) -> Statistics {
    return Statistics(add(a.sum, b.sum));
}

fn finalize(s: Statistics, round: u32) -> Statistics {
    return s;
}

fn is_over(previous: Statistics, s: Statistics) -> bool {
    return true;
}

// The lower part of an infinite sum is NaN.
fn reduced_value(s: Statistics) -> f32 {
    return select(s.sum.x, s.sum.x + s.sum.y, is_finite(s.sum.x));
}
