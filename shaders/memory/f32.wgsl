// One f32 a word.

alias Packed = vec4<f32>;
const ELEMENTS_PER_WORD: u32 = 1u;

fn unpack(packed: Packed) -> vec4<f32> {
    return packed;
}

fn pack(values: vec4<f32>) -> Packed {
    return values;
}

fn unpack_word(word: u32) -> vec2<f32> {
    return vec2<f32>(bitcast<f32>(word), 0.0);
}

fn pack_word(values: vec2<f32>) -> u32 {
    return bitcast<u32>(values.x);
}
