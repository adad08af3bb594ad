// f″ as one number.
fn second_derivative(x: f32, params: Params) -> f32 {
    let n = normalized(second_derivative_of_number(x, params));
    return or_nan(x, scale_far(n.value.x + n.value.y, clamp(n.k, -378, 378)));
}
