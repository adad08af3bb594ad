// Access to single elements.

fn x_element(index: u32) -> f32 {
    return unpack_word(x_word_at(index / ELEMENTS_PER_WORD))[index % ELEMENTS_PER_WORD];
}

fn dy_element(index: u32) -> f32 {
    return unpack_word(dy_word_at(index / ELEMENTS_PER_WORD))[index % ELEMENTS_PER_WORD];
}
