// For devices on which conversion to the type f16 rounds to nearest, ties to even. What pack2x16float then gets is a
// binary16, so it need not round.

fn pack_word(values: vec2<f32>) -> u32 {
    return pack2x16float(vec2<f32>(vec2<f16>(values)));
}
