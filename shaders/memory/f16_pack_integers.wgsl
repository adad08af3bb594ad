// By integers, because pack2x16float may round either way, may flush subnormals, and leaves overflow undefined.

// Rounds to nearest, ties to even.
fn narrow(values: vec2<f32>) -> vec2<u32> {
    let bits = bitcast<vec2<u32>>(values);
    let sign = (bits >> vec2<u32>(16u)) & vec2<u32>(0x8000u);
    let magnitude = bits & vec2<u32>(0x7fffffffu);
    let odd = (magnitude >> vec2<u32>(13u)) & vec2<u32>(1u);
    let normal = (magnitude - (112u << 23u) + 0xfffu + odd) >> vec2<u32>(13u);
    // Below 2^-14, adding 1/2 leaves the rounded multiple of 2^-24 in the lowest bits of the significand.
    let small = bitcast<vec2<f32>>(min(magnitude, vec2<u32>(0x38800000u)));
    let subnormal = bitcast<vec2<u32>>(small + 0.5) - 0x3f000000u;
    let finite = select(normal, subnormal, magnitude < vec2<u32>(0x38800000u));
    let overflowed = select(finite, vec2<u32>(0x7c00u), magnitude >= vec2<u32>(0x477ff000u));
    let nan = magnitude > vec2<u32>(0x7f800000u);
    return sign | select(overflowed, vec2<u32>(0x7e00u), nan);
}

fn pack_word(values: vec2<f32>) -> u32 {
    let bits = narrow(values);
    return bits.x | (bits.y << 16u);
}
