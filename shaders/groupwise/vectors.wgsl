// Access to four elements in succession, where each four is a whole vector of every operand.

fn x_of(s: Locations, extra: u32) -> vec4<f32> {
    return unpack(x_at((uniforms.x_base + extra + s.row.x * uniforms.x_stride + s.within.x) / 4u));
}

fn second_of(s: Locations, extra: u32) -> vec4<f32> {
    return unpack(second[(uniforms.second_base + extra + s.row.x * uniforms.second_stride + s.within.x) / 4u]);
}

fn dy_of(s: Locations, extra: u32) -> vec4<f32> {
    return unpack(dy_at((uniforms.dy_base + extra + s.row.x * uniforms.dy_stride + s.within.x) / 4u));
}
