// A temperature of 1.

fn halving(z: f32, peak: f32) -> f32 {
    return 1.0;
}

fn halved(z: f32, half: f32) -> f32 {
    return z;
}

fn tempered(distance: vec2<f32>, half: f32) -> vec2<f32> {
    return distance;
}

// `uniforms.inverse_temperature` is 1/2 for a temperature of 1.
fn per_temperature(gradient: vec2<f32>) -> f32 {
    return 0.5 * (gradient.x + gradient.y);
}

// A gradient divided by the temperature, times 2^k.
fn per_temperature_scaled(gradient: vec2<f32>, k: i32) -> f32 {
    return scale(gradient.x + gradient.y, k);
}

// A distance in units of its own, the temperature in those units, and the quotient of the two.
fn in_units(distance: vec2<f32>, half: f32) -> vec2<f32> {
    return distance;
}

fn temperature_in_units() -> f32 {
    return 1.0;
}

fn from_units(distance: vec2<f32>) -> vec2<f32> {
    return distance;
}
