// Each of four elements by itself.

fn x_of(s: Sites, extra: u32) -> vec4<f32> {
    let at = call.x_base + extra + s.row * call.x_stride + s.within;
    return vec4<f32>(x_element(at.x), x_element(at.y), x_element(at.z), x_element(at.w));
}

fn gate_of(s: Sites, extra: u32) -> vec4<f32> {
    let at = call.gate_base + extra + s.row * call.gate_stride + s.within;
    return vec4<f32>(gate_element(at.x), gate_element(at.y), gate_element(at.z), gate_element(at.w));
}

fn dy_of(s: Sites, extra: u32) -> vec4<f32> {
    let at = call.dy_base + extra + s.row * call.dy_stride + s.within;
    return vec4<f32>(dy_element(at.x), dy_element(at.y), dy_element(at.z), dy_element(at.w));
}
