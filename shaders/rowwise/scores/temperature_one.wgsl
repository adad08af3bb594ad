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
