// One byte for each element; 0 leaves the element out.

@group(0) @binding(4) var<storage, read> mask: array<u32>;

fn mask_at(index: u32) -> bool {
    let byte = uniforms.first_mask + index;
    return extractBits(mask[byte / 4u], 8u * (byte % 4u), 8u) != 0u;
}
