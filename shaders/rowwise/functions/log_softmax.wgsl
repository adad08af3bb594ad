const ONLY_PEAK: bool = false;
const UNWEIGHTED: bool = true;
const LOGARITHMIC: bool = true;

// A distance below the most negative float stays -infinity.
fn forward_value(e: Entry, weight: f32, s: Statistics) -> f32 {
    let d = distance_to(s, counted(e));
    return select(d.x, less(d, s.sum), is_finite(d.x));
}

fn share_of_output(y: f32) -> f32 {
    return raised(vec2<f32>(y, 0.0)) / WEIGHT_OF_ONE;
}

// (dy - share * sum of dy)/temperature.
fn backward_value(e: Entry, weight: f32, s: Statistics) -> f32 {
    return per_temperature(minus(e.dy, vec2<f32>(share_times(e, weight, s.dot, s), 0.0)));
}
