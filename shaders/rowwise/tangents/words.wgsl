// The v of a double backward pass, which lies as x does, element by element.

@group(0) @binding(8) var<storage, read> v_words: array<u32>;

fn v_element(index: u32) -> f32 {
    return unpack_word(v_words[index / ELEMENTS_PER_WORD])[index % ELEMENTS_PER_WORD];
}

fn tangents(index: u32, count: u32) -> vec4<f32> {
    let at = indices(index, count);
    return vec4<f32>(v_element(at.x), v_element(at.y), v_element(at.z), v_element(at.w));
}
