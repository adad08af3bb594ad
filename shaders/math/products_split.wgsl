// Products that no compiler regroups, and their rounding errors, for devices that may round twice in `fma`.

// a * b.
fn product_of(a: f32, b: f32) -> f32 {
    return opaque(a * b);
}

fn guarded_product(a: f32, b: f32) -> f32 {
    return guarded(a * b);
}

// The upper 12 bits of the significand, by a mask. Compilers fold Veltkamp's splitting away.
fn upper_half(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// a * b and its rounding error. Every partial product has at most 24 bits, so it is exact however it is rounded. The error of a tiny product is left out: adapters that flush subnormals would lose some partial
// products and keep others, which makes the error a term of 2^-12.
fn two_product(a: f32, b: f32) -> vec2<f32> {
    let product = product_of(a, b);
    let a_high = upper_half(a);
    let a_low = a - a_high;
    let b_high = upper_half(b);
    let b_low = b - b_high;
    let rest = guarded(guarded(a_high * b_high - product) + a_high * b_low);
    let error = guarded(rest + a_low * b_high) + a_low * b_low;
    return vec2<f32>(product, select(error, 0.0, abs(product) < 1e-30));
}

// The same for a parameter or gradient of any size. The lower half of a tiny operand may be flushed although the
// product is not tiny. So an error above half a unit is dropped.
fn product_with(a: f32, parameter: f32) -> vec2<f32> {
    let product = two_product(a, parameter);
    return vec2<f32>(product.x, select(product.y, 0.0, abs(product.y) > 6e-8 * abs(product.x)));
}

// n - a * b, for a * b near n.
fn remainder_of(n: f32, a: f32, b: f32) -> f32 {
    let product = two_product(a, b);
    return guarded(n - product.x) - product.y;
}
