const ONLY_PEAK: bool = false;
const UNWEIGHTED: bool = false;
const LOGARITHMIC: bool = false;

// A hard result gives the whole to the largest score.
fn forward_value(e: Entry, weight: f32, s: Statistics) -> f32 {
    return select(portion(weight, s), f32(e.position == s.position), NOISY && uniforms.hard == 1u);
}

fn share_of_output(y: f32) -> f32 {
    return y;
}

fn backward_value(e: Entry, weight: f32, s: Statistics) -> f32 {
    let dx = SCORE_SLOPE * share_times(e, weight, minus(e.dy, s.dot), s);
    return select(dx, per_temperature(vec2<f32>(dx, 0.0)), DIRECTION == FROM_OUTPUT);
}
