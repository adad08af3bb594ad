// Entries without a v.

fn tangents(index: u32, count: u32) -> vec4<f32> {
    return vec4<f32>(0.0);
}
