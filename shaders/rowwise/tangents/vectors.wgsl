// The v of a double backward pass, which lies as x does, in whole vectors.

@group(0) @binding(8) var<storage, read> v: array<Packed>;

fn tangents(index: u32, count: u32) -> vec4<f32> {
    return unpack(v[index / 4u]);
}
