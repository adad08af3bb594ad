const ONLY_PEAK: bool = false;
const UNWEIGHTED: bool = false;
const LOGARITHMIC: bool = false;

// -infinity stays apart, because the error of its sum would be NaN.
fn score(x: f32, number: u32) -> vec2<f32> {
    let finite = select(0.0, x, is_finite(x));
    let sum = two_sum(finite, gumbel_number(number, call.seed));
    return select(vec2<f32>(x, 0.0), sum, is_finite(x));
}

fn least_peak(peak: f32) -> f32 {
    return peak;
}

fn first_term(peak: f32) -> vec2<f32> {
    return vec2<f32>(0.0);
}

fn forward_value(e: Entry, s: Statistics) -> f32 {
    let soft = portion(weight(e, s), s);
    return select(soft, f32(e.position == s.position), call.hard == 1u);
}

fn share_of_output(y: f32) -> f32 {
    return y;
}

fn backward_value(share: f32, dy: f32, s: Statistics) -> f32 {
    return share * ((dy - s.dot.x) - s.dot.y) * call.inverse_temperature.x;
}
