// Two IEEE binary16 a word, the first in the lower half. `unpack_word` and `pack_word` convert one word.

alias Packed = vec2<u32>;
const ELEMENTS_PER_WORD: u32 = 2u;

fn unpack(packed: Packed) -> vec4<f32> {
    return vec4<f32>(unpack_word(packed.x), unpack_word(packed.y));
}

fn pack(values: vec4<f32>) -> Packed {
    return vec2<u32>(pack_word(values.xy), pack_word(values.zw));
}
