// The gradient of a row's sink: minus its share times the mean of dy, or the sum where results are logarithms, divided by
// the temperature.

fn reduced_value(s: Statistics) -> f32 {
    let product = multiply(multiply(s.threshold, s.dot), uniforms.inverse_temperature);
    let y = scale(-(product.x + product.y), uniforms.temperature_exponent - lift_exponent(s));
    let valid = !has_nan(s) && !has_nan_gradient(s) && !has_infinite_peak(s);
    return not_a_number_unless(valid, select(0.0, y, s.threshold.x > 0.0));
}
