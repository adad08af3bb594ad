// The functions that a foreign shader calls.

fn activation(x: f32, params: Params) -> f32 {
    return or_nan(x, activation_of_number(x, params));
}

fn derivative(x: f32, params: Params) -> f32 {
    return or_nan(x, derivative_of_number(x, params));
}
