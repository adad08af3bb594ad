// By integers, because unpack2x16float may flush subnormals.

fn widen(half: vec2<u32>) -> vec2<f32> {
    let sign = (half & vec2<u32>(0x8000u)) << vec2<u32>(16u);
    let magnitude = half & vec2<u32>(0x7fffu);
    let normal = (magnitude << vec2<u32>(13u)) + (112u << 23u);
    // 0x7c00 and above are infinity and NaN, whose exponent has all bits set.
    let special = (magnitude << vec2<u32>(13u)) | vec2<u32>(0x7f800000u);
    // A subnormal is an integer multiple of 2^-24, which is a normal f32.
    let subnormal = bitcast<vec2<u32>>(vec2<f32>(magnitude) * 5.9604644775390625e-8);
    let finite = select(normal, subnormal, magnitude < vec2<u32>(0x400u));
    return bitcast<vec2<f32>>(sign | select(finite, special, magnitude >= vec2<u32>(0x7c00u)));
}

fn unpack_word(word: u32) -> vec2<f32> {
    return widen(vec2<u32>(word & 0xffffu, word >> 16u));
}
