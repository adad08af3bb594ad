// The functions that a foreign shader calls. Implementations may assume that NaN does not occur, so it is carried by
// its bits around the function of numbers.
fn or_nan(x: f32, y: f32) -> f32 {
    return bitcast<f32>(select(bitcast<u32>(y), bitcast<u32>(x) | 0x400000u, is_nan(x)));
}

fn activation(x: f32, params: Params) -> f32 {
    return or_nan(x, activation_of_number(x, params));
}

fn derivative(x: f32, params: Params) -> f32 {
    return or_nan(x, derivative_of_number(x, params));
}
