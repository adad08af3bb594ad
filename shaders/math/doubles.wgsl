// Arithmetic of double-floats that keeps the lower part at every accuracy: for arguments of exponentials, which magnify
// their errors, and for long sums.

// a + b and its rounding error, for |a| >= |b| (Dekker 1971). If a is a constant and another constant is added to the
// error, the error must be opaque: Mesa adds the two constants first and rounds their sum.
fn fast_two_sum(a: f32, b: f32) -> vec2<f32> {
    let sum = opaque(a + b);
    return vec2<f32>(sum, guarded(a - sum) + b);
}

// a + b and its rounding error, in any order (Knuth, TAOCP 2, 4.2.2).
fn two_sum(a: f32, b: f32) -> vec2<f32> {
    let sum = opaque(a + b);
    let of_b = opaque(sum - a);
    return vec2<f32>(sum, guarded(a - opaque(sum - of_b)) + guarded(b - of_b));
}

fn precise_product(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let product = two_product(a.x, b.x);
    return vec2<f32>(product.x, product.y + (a.x * b.y + a.y * b.x));
}

// The same for a parameter of any size.
fn precise_product_with(a: vec2<f32>, parameter: f32) -> vec2<f32> {
    let product = product_with(a.x, parameter);
    return vec2<f32>(product.x, product.y + a.y * parameter);
}

fn precise_sum(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let sum = two_sum(a.x, b.x);
    return vec2<f32>(sum.x, sum.y + (a.y + b.y));
}

// n / d. The rounded quotient (up to 2.5 units off in WGSL) leaves a remainder, which is divided again.
fn precise_quotient(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    let quotient = opaque(n.x / d.x);
    let remainder = remainder_of(n.x, quotient, d.x) + (n.y - quotient * d.y);
    return vec2<f32>(quotient, remainder / d.x);
}
