// Sums and products that no compiler regroups, and rounding errors of products, for devices that round once in `fma`.
// `fma` by a number that only the device knows takes one instruction, where a value made opaque takes two.

// a + b.
fn sum_of(a: f32, b: f32) -> f32 {
    return fma(a, bitcast<f32>(0x3f800000u ^ zero), b);
}

fn guarded_sum(a: f32, b: f32) -> f32 {
    return sum_of(a, b);
}

// a * b. The 0 is negative, so that a product of -0 stays.
fn product_of(a: f32, b: f32) -> f32 {
    return fma(a, b, bitcast<f32>(0x80000000u ^ zero));
}

fn guarded_product(a: f32, b: f32) -> f32 {
    return product_of(a, b);
}

// x - k times the first part of ln 2, whose product with k is exact.
fn rest_of(x: f32, k: f32) -> f32 {
    return fma(k, bitcast<f32>(0xbf318000u ^ zero), x);
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
