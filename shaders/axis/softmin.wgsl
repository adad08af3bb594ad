const ONLY_PEAK: bool = false;
const UNWEIGHTED: bool = false;
const LOGARITHMIC: bool = false;

fn score(x: f32, number: u32) -> vec2<f32> {
    return vec2<f32>(-x, 0.0);
}

fn least_peak(peak: f32) -> f32 {
    return peak;
}

fn first_term(peak: f32) -> vec2<f32> {
    return vec2<f32>(0.0);
}

fn forward_value(e: Entry, s: Statistics) -> f32 {
    return select(0.0, portion(weight(e, s), s), e.kept);
}

fn share_of_output(y: f32) -> f32 {
    return y;
}

fn backward_value(share: f32, dy: f32, s: Statistics) -> f32 {
    return -share * ((dy - s.dot.x) - s.dot.y) * call.inverse_temperature.x;
}
