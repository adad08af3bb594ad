// Compares the device's own conversions of binary16 with conversions by integers. The results are counts of differences:
// of unpack2x16float, of pack2x16float, and of the type f16.

@group(0) @binding(2) var<storage, read_write> result: array<u32>;

var<workgroup> wrong: array<atomic<u32>, 3>;

// NaN may have any payload.
fn is_same_half(a: u32, b: u32) -> bool {
    return a == b || (a & 0x7fffu) > 0x7c00u && (b & 0x7fffu) > 0x7c00u;
}

fn is_same_float(a: f32, b: f32) -> bool {
    let both_nan = (bitcast<u32>(a) & 0x7fffffffu) > 0x7f800000u && (bitcast<u32>(b) & 0x7fffffffu) > 0x7f800000u;
    return bitcast<u32>(a) == bitcast<u32>(b) || both_nan;
}

// The value itself, and values between it and the next: below, at and above the middle.
fn value_near(half: u32, place: u32) -> f32 {
    let value = unpack_word(half).x;
    let bits = bitcast<u32>(value);
    if (half & 0x7fffu) >= 0x7c00u {
        return value;
    }
    switch place {
        case 0u: { return value; }
        case 1u: { return bitcast<f32>(bits + 0xfffu); }
        case 2u: { return bitcast<f32>(bits + 0x1000u); }
        case 3u: { return bitcast<f32>(bits + 0x1001u); }
        // The middle between subnormals, and its neighbours.
        case 4u: { return value + 2.9802322387695312e-8; }
        case 5u: { return value + 2.9802325940409414e-8; }
        case 6u: { return value + 2.980232061133404e-8; }
        default: { return value * 65536.0; }
    }
}

@compute @workgroup_size(256)
fn probe(@builtin(local_invocation_index) local: u32) {
    if local < 3u {
        atomicStore(&wrong[local], 0u);
    }
    workgroupBarrier();
    for (var i = 0u; i < 256u; i++) {
        let half = 256u * i + local;
        let exact = unpack_word(half).x;
        let unpacked = unpack2x16float(half | (half << 16u));
        if !is_same_float(unpacked.x, exact) || !is_same_float(unpacked.y, exact) {
            atomicAdd(&wrong[0], 1u);
        }
        for (var place = 0u; place < 8u; place++) {
            let value = value_near(half, place);
            let expected = pack_word(vec2<f32>(value, 0.0)) & 0xffffu;
            let packed = pack2x16float(vec2<f32>(value));
            if !is_same_half(packed & 0xffffu, expected) || !is_same_half(packed >> 16u, expected) {
                atomicAdd(&wrong[1], 1u);
            }
            let converted = pack2x16float(vec2<f32>(vec2<f16>(vec2<f32>(value))));
            if !is_same_half(converted & 0xffffu, expected) || !is_same_half(converted >> 16u, expected) {
                atomicAdd(&wrong[2], 1u);
            }
        }
    }
    workgroupBarrier();
    if local < 3u {
        result[local] = atomicLoad(&wrong[local]);
    }
}
