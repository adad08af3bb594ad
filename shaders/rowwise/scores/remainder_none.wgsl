// The shares of a row add up to the whole.

const REMAINDER: bool = false;

fn least_peak(peak: f32) -> f32 {
    return peak;
}

fn first_term(peak: f32) -> vec2<f32> {
    return vec2<f32>(0.0);
}
