// Access to each of four elements by itself.

fn x_of(s: Locations, extra: u32) -> vec4<f32> {
    let at = uniforms.x_base + extra + s.row * uniforms.x_stride + s.within;
    return vec4<f32>(x_element(at.x), x_element(at.y), x_element(at.z), x_element(at.w));
}

fn second_of(s: Locations, extra: u32) -> vec4<f32> {
    let at = uniforms.second_base + extra + s.row * uniforms.second_stride + s.within;
    return vec4<f32>(second_element(at.x), second_element(at.y), second_element(at.z), second_element(at.w));
}

fn dy_of(s: Locations, extra: u32) -> vec4<f32> {
    let at = uniforms.dy_base + extra + s.row * uniforms.dy_stride + s.within;
    return vec4<f32>(dy_element(at.x), dy_element(at.y), dy_element(at.z), dy_element(at.w));
}
