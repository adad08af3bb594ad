// The second input: the gates, or the second half of a gradient.

@group(0) @binding(5) var<storage, read> second: array<Packed>;
@group(0) @binding(5) var<storage, read> second_words: array<u32>;

fn second_element(index: u32) -> f32 {
    return unpack_word(second_words[index / ELEMENTS_PER_WORD])[index % ELEMENTS_PER_WORD];
}
