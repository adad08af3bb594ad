const ONLY_PEAK: bool = false;
const UNWEIGHTED: bool = false;
const LOGARITHMIC: bool = true;

// Never called: a row has one result, `reduced_value`.
fn forward_value(e: Entry, weight: f32, s: Statistics) -> f32 {
    return 0.0;
}

// The logarithm of a mean is that of the sum minus that of the count. The host knows the count unless there is a mask.
fn subtracted(s: Statistics) -> vec2<f32> {
    if COUNTED {
        return logarithm(count_of(s));
    }
    return uniforms.subtracted;
}

// A mean along an axis of length 0 is NaN: ln 0 is -infinity.
fn reduced_value(s: Statistics) -> f32 {
    let tempered_logarithm = multiply_by(s.sum - subtracted(s), uniforms.temperature);
    let y = add(vec2<f32>(s.peak, 0.0), tempered_logarithm);
    let infinite = has_infinite_peak(s) || !is_finite(s.sum.x);
    return not_a_number_unless(!has_nan(s) && is_finite(uniforms.subtracted.x), select(y.x + y.y, select(s.sum.x, s.peak, has_infinite_peak(s)), infinite));
}

fn share_of_output(y: f32) -> f32 {
    return 0.0;
}

fn backward_value(e: Entry, weight: f32, s: Statistics) -> f32 {
    return share_times(e, weight, vec2<f32>(e.dy, 0.0), s);
}
