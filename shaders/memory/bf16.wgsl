// Two bfloat16 a word, the first in the lower half: the upper 16 bits of an f32.

alias Packed = vec2<u32>;
const ELEMENTS_PER_WORD: u32 = 2u;

fn unpack(packed: Packed) -> vec4<f32> {
    return bitcast<vec4<f32>>(vec4<u32>(packed.x << 16u, packed.x & 0xffff0000u, packed.y << 16u, packed.y & 0xffff0000u));
}

// Rounds to nearest, ties to even, with integers. The carry turns the largest values into infinity. A NaN whose payload
// lies in the lower half would round to infinity, so it is made quiet.
fn pack_word(values: vec2<f32>) -> u32 {
    let bits = bitcast<vec2<u32>>(values);
    let rounded = bits + 0x7fffu + ((bits >> vec2<u32>(16u)) & vec2<u32>(1u));
    let nan = (bits & vec2<u32>(0x7fffffffu)) > vec2<u32>(0x7f800000u);
    let upper = select(rounded, bits | vec2<u32>(0x400000u), nan);
    return (upper.x >> 16u) | (upper.y & 0xffff0000u);
}

fn pack(values: vec4<f32>) -> Packed {
    return vec2<u32>(pack_word(values.xy), pack_word(values.zw));
}

fn unpack_word(word: u32) -> vec2<f32> {
    return unpack(vec2<u32>(word, 0u)).xy;
}
