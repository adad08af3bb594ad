// The gradient of a row's sink: minus its share times the mean of dy, or the sum where results are logarithms, divided by
// the temperature.

fn reduced_value(s: Statistics) -> f32 {
    let product = multiply(multiply(s.threshold, s.dot), uniforms.inverse_temperature);
    let y = scale(-(product.x + product.y), uniforms.temperature_exponent - lift_exponent(s));
    let some = select(0.0, not_a_number_unless(!has_nan_gradient(s), y), s.sum.x > 0.0);
    return not_a_number_unless(!has_nan(s) && !has_infinite_peak(s), some);
}
