// Access element by element, from any offset. There are no loops, because some adapters limit their turns. A stored
// group begins at a whole word. Elements before `skip` and from `count` on keep their bits, as do the other halves of
// shared words.

const WHOLE: bool = false;

fn indices(index: u32, count: u32) -> vec4<u32> {
    return index + min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(count - 1u));
}

fn load_x(index: u32, count: u32) -> vec4<f32> {
    let at = indices(index, count);
    return vec4<f32>(x_element(at.x), x_element(at.y), x_element(at.z), x_element(at.w));
}

fn load_dy(index: u32, count: u32) -> vec4<f32> {
    let at = indices(index, count);
    return vec4<f32>(dy_element(at.x), dy_element(at.y), dy_element(at.z), dy_element(at.w));
}

fn store_word(index: u32, values: vec2<f32>, j: u32, skip: u32, count: u32) {
    let last = j + ELEMENTS_PER_WORD - 1u;
    if last >= skip && j < count {
        let at = (index + j) / ELEMENTS_PER_WORD;
        if ELEMENTS_PER_WORD == 1u {
            result_words[at] = pack_word(values);
        } else {
            let kept = select(0u, 0xffffu, j < skip) | select(0u, 0xffff0000u, last >= count);
            result_words[at] = (result_words[at] & kept) | (pack_word(values) & ~kept);
        }
    }
}

fn store(index: u32, values: vec4<f32>, skip: u32, count: u32) {
    store_word(index, values.xy, 0u, skip, count);
    if ELEMENTS_PER_WORD == 1u {
        store_word(index, values.yz, 1u, skip, count);
        store_word(index, values.wx, 3u, skip, count);
    }
    store_word(index, values.zw, 2u, skip, count);
}
