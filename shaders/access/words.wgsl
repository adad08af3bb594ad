// Element by element, wherever they begin. Of a group that is stored, from a whole word on, the elements before `skip`
// and from `count` on keep their bits, other halves of shared words included.

fn load_x(index: u32, count: u32) -> vec4<f32> {
    var values = vec4<f32>(0.0);
    for (var j = 0u; j < count; j++) {
        values[j] = x_element(index + j);
    }
    return values;
}

fn load_dy(index: u32, count: u32) -> vec4<f32> {
    var values = vec4<f32>(0.0);
    for (var j = 0u; j < count; j++) {
        values[j] = dy_element(index + j);
    }
    return values;
}

fn store(index: u32, values: vec4<f32>, skip: u32, count: u32) {
    for (var j = 0u; j < 4u; j += ELEMENTS_PER_WORD) {
        let last = j + ELEMENTS_PER_WORD - 1u;
        if last < skip || j >= count {
            continue;
        }
        let at = (index + j) / ELEMENTS_PER_WORD;
        let word = pack_word(vec2<f32>(values[j], values[last]));
        let kept = select(0u, 0xffffu, j < skip) | select(0u, 0xffff0000u, last >= count);
        result_words[at] = (result_words[at] & kept) | (word & ~kept);
    }
}
