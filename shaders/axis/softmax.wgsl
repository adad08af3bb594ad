const ONLY_PEAK: bool = false;
const UNWEIGHTED: bool = false;
const LOGARITHMIC: bool = false;

// Hard, the whole belongs to the largest score.
fn forward_value(e: Entry, s: Statistics) -> f32 {
    let share = select(portion(weight(e, s), s), f32(e.position == s.position), call.hard == 1u);
    return select(0.0, share, e.kept);
}

fn share_of_output(y: f32) -> f32 {
    return y;
}

fn backward_value(share: f32, dy: f32, s: Statistics) -> f32 {
    return SCORE_SLOPE * share * ((dy - s.dot.x) - s.dot.y) * call.inverse_temperature.x;
}
