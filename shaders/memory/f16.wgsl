// Two IEEE binary16 a word, the first in the lower half. Conversion uses integers: unpack2x16float and pack2x16float
// may flush subnormals, and pack2x16float leaves overflow undefined.

alias Packed = vec2<u32>;
const ELEMENTS_PER_WORD: u32 = 2u;

fn widen(half: vec4<u32>) -> vec4<f32> {
    let sign = (half & vec4<u32>(0x8000u)) << vec4<u32>(16u);
    let magnitude = half & vec4<u32>(0x7fffu);
    let normal = (magnitude << vec4<u32>(13u)) + (112u << 23u);
    // 0x7c00 and above are infinity and NaN, whose exponent has all bits set.
    let special = (magnitude << vec4<u32>(13u)) | vec4<u32>(0x7f800000u);
    // A subnormal is an integer multiple of 2^-24, which is a normal f32.
    let subnormal = bitcast<vec4<u32>>(vec4<f32>(magnitude) * 5.9604644775390625e-8);
    let finite = select(normal, subnormal, magnitude < vec4<u32>(0x400u));
    return bitcast<vec4<f32>>(sign | select(finite, special, magnitude >= vec4<u32>(0x7c00u)));
}

// Rounds to nearest, ties to even.
fn narrow(values: vec4<f32>) -> vec4<u32> {
    let bits = bitcast<vec4<u32>>(values);
    let sign = (bits >> vec4<u32>(16u)) & vec4<u32>(0x8000u);
    let magnitude = bits & vec4<u32>(0x7fffffffu);
    let odd = (magnitude >> vec4<u32>(13u)) & vec4<u32>(1u);
    let normal = (magnitude - (112u << 23u) + 0xfffu + odd) >> vec4<u32>(13u);
    // Below 2^-14, adding 1/2 leaves the rounded multiple of 2^-24 in the lowest bits of the significand.
    let small = bitcast<vec4<f32>>(min(magnitude, vec4<u32>(0x38800000u)));
    let subnormal = bitcast<vec4<u32>>(small + 0.5) - 0x3f000000u;
    let finite = select(normal, subnormal, magnitude < vec4<u32>(0x38800000u));
    let overflowed = select(finite, vec4<u32>(0x7c00u), magnitude >= vec4<u32>(0x477ff000u));
    let nan = magnitude > vec4<u32>(0x7f800000u);
    return sign | select(overflowed, vec4<u32>(0x7e00u), nan);
}

fn unpack(packed: Packed) -> vec4<f32> {
    return widen(vec4<u32>(packed.x & 0xffffu, packed.x >> 16u, packed.y & 0xffffu, packed.y >> 16u));
}

fn pack(values: vec4<f32>) -> Packed {
    let bits = narrow(values);
    return vec2<u32>(bits.x | (bits.y << 16u), bits.z | (bits.w << 16u));
}

fn unpack_word(word: u32) -> vec2<f32> {
    return unpack(vec2<u32>(word, 0u)).xy;
}

fn pack_word(values: vec2<f32>) -> u32 {
    return pack(vec4<f32>(values, 0.0, 0.0)).x;
}
