const ONLY_PEAK: bool = false;
const UNWEIGHTED: bool = true;
const LOGARITHMIC: bool = true;

fn forward_value(e: Entry, s: Statistics) -> f32 {
    let d = distance_to(s.peak, vec2<f32>(e.x, 0.0));
    let y = add(d, -s.sum);
    let finite = is_finite(d.x);
    return select(negative_infinity(), select(d.x, y.x + y.y, finite), e.kept && e.x != negative_infinity());
}

fn share_of_output(y: f32) -> f32 {
    return raised(vec2<f32>(y, 0.0));
}

// (dy - share * sum of dy)/temperature.
fn backward_value(share: f32, dy: f32, s: Statistics) -> f32 {
    let taken = multiply(s.dot, vec2<f32>(share, 0.0));
    return ((dy - taken.x) - taken.y) * call.inverse_temperature.x;
}
