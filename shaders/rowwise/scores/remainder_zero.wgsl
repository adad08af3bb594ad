// An additional entry of 0 takes a share that no element gets.

const REMAINDER: bool = true;

fn least_peak(peak: f32) -> f32 {
    return max(peak, 0.0);
}

fn first_term(peak: f32) -> vec2<f32> {
    return vec2<f32>(raised(tempered(vec2<f32>(-peak, 0.0), 1.0)), 0.0);
}
