// For devices on which the builtin rounds to nearest, ties to even.

fn pack_word(values: vec2<f32>) -> u32 {
    return pack2x16float(values);
}
