// Distances in units of the temperature.

fn tempered(distance: vec2<f32>) -> vec2<f32> {
    return multiply(distance, call.inverse_temperature);
}
