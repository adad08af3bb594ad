// Distances in units of the temperature.

// The halves of large scores are subtracted: their difference may overflow where its quotient does not.
fn halving(z: f32, peak: f32) -> f32 {
    return select(1.0, 0.5, max(abs(z), abs(peak)) > 1e38);
}

// Opaque, because compilers factor 1/2 out of a difference.
fn halved(z: f32, half: f32) -> f32 {
    return opaque(z * half);
}

// The product without its power of two.
fn per_temperature(gradient: vec2<f32>) -> f32 {
    let inverse = uniforms.inverse_temperature;
    return gradient.x * inverse.x + (gradient.x * inverse.y + gradient.y * inverse.x);
}

// A small temperature scales the distance up before the product, whose error would vanish. The remaining scaling
// follows.
fn tempered(distance: vec2<f32>, half: f32) -> vec2<f32> {
    let k = uniforms.temperature_exponent + select(0, 1, half < 1.0);
    let before = clamp(k - 1, 0, 100);
    let y = multiply(distance * power_of_two(before), uniforms.inverse_temperature);
    return vec2<f32>(scale(y.x, k - before), scale(y.y, k - before));
}
