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

// A gradient divided by the temperature, times 2^k.
fn per_temperature_scaled(gradient: vec2<f32>, k: i32) -> f32 {
    let y = multiply(gradient, uniforms.inverse_temperature);
    return scale(y.x + y.y, k + uniforms.temperature_exponent);
}

// A distance in units of a power of two, in which the temperature is above 1 and at most 2. Unlike a quotient it is not
// rounded, so an entry that lies at a threshold stays there.
fn in_units(distance: vec2<f32>, half: f32) -> vec2<f32> {
    let k = uniforms.temperature_exponent + select(0, 1, half < 1.0);
    return vec2<f32>(scale(distance.x, k), scale(distance.y, k));
}

// The sum of a quotient's parts has all bits of the temperature.
fn temperature_in_units() -> f32 {
    let temperature = divide(vec2<f32>(1.0, 0.0), uniforms.inverse_temperature);
    return temperature.x + temperature.y;
}

// A distance in such units, divided by the temperature.
fn from_units(distance: vec2<f32>) -> vec2<f32> {
    return multiply(distance, uniforms.inverse_temperature);
}

// A small temperature scales the distance up before the product, whose error would vanish. The remaining scaling
// follows.
fn tempered(distance: vec2<f32>, half: f32) -> vec2<f32> {
    let k = uniforms.temperature_exponent + select(0, 1, half < 1.0);
    let before = clamp(k - 1, 0, 100);
    let y = multiply(distance * power_of_two(before), uniforms.inverse_temperature);
    return vec2<f32>(scale(y.x, k - before), scale(y.y, k - before));
}
