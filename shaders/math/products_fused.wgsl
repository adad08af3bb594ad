// Rounding errors of products, for devices that round once in `fma`.

// a * b and its rounding error. The error of a tiny product may be flushed.
fn two_product(a: f32, b: f32) -> vec2<f32> {
    let product = opaque(a * b);
    return vec2<f32>(product, fma(a, b, -product));
}

// The same for a parameter or gradient of any size.
fn product_with(a: f32, parameter: f32) -> vec2<f32> {
    return two_product(a, parameter);
}

// n - a * b, for a * b near n.
fn remainder_of(n: f32, a: f32, b: f32) -> f32 {
    return fma(-a, b, n);
}
