// Which elements an invocation computes: vectors of four, and after the last whole one of a range the rest, word by word, by an
// entry point of its own, `_tail`.

// NaN is carried by its bits: implementations may assume that none occurs, and min, max and clamp drop it.
fn keep_nan(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
    let nan = (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
    return bitcast<vec4<f32>>(select(bitcast<vec4<u32>>(y), bitcast<vec4<u32>>(x) | vec4<u32>(0x400000u), nan));
}

// An invocation's first vector. Its VECTORS lie WORKGROUP apart, so that neighbours read neighbouring memory.
// Workgroups form rows, because one dimension of a dispatch is too short for a large buffer.
fn first_vector(group: vec3<u32>, groups: vec3<u32>, local: u32) -> u32 {
    return (group.y * groups.x + group.x) * WORKGROUP * VECTORS + local;
}

fn tail_words() -> u32 {
    return (uniforms.tail_elements + ELEMENTS_PER_WORD - 1u) / ELEMENTS_PER_WORD;
}

// A word of a result that was `before`. An odd number of 16-bit elements shares its last word with what follows the range;
// those bits stay.
fn tail_word(invocation: u32, before: u32, values: vec2<f32>) -> u32 {
    let word = pack_word(values);
    let whole = uniforms.tail_elements - invocation * ELEMENTS_PER_WORD >= ELEMENTS_PER_WORD;
    return select((before & 0xffff0000u) | (word & 0xffffu), word, whole);
}

fn store_tail(invocation: u32, index: u32, values: vec2<f32>) {
    result_words[index] = tail_word(invocation, result_words[index], values);
}
