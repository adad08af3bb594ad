// Products that no compiler regroups, and their rounding errors, for devices that round once in `fma`. To add a 0 that only
// the device knows takes one instruction, where a value made opaque takes two. A sum cannot be hidden so: NVIDIA's compiler
// regroups `fma(a, one, b) + c`.

// a * b. The 0 is negative, so that a product of -0 stays.
fn product_of(a: f32, b: f32) -> f32 {
    return fma(a, b, bitcast<f32>(0x80000000u ^ zero));
}

fn guarded_product(a: f32, b: f32) -> f32 {
    return product_of(a, b);
}

// a * b and its rounding error. The error of a tiny product may be flushed.
fn two_product(a: f32, b: f32) -> vec2<f32> {
    let product = product_of(a, b);
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
