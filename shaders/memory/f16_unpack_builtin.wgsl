// For devices on which the builtin is exact.

fn unpack_word(word: u32) -> vec2<f32> {
    return unpack2x16float(word);
}
