// One byte for each element of an array that repeats over x; 0 leaves the element out.

@group(0) @binding(4) var<storage, read> mask: array<u32>;

fn mask_byte(byte: i32) -> bool {
    return extractBits(mask[u32(byte) / 4u], 8u * (u32(byte) % 4u), 8u) != 0u;
}
