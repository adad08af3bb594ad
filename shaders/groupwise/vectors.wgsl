// Four elements in succession at once, where each group of them is a whole vector of every operand.

fn x_of(s: Sites, extra: u32) -> vec4<f32> {
    return unpack(x_at((call.x_base + extra + s.row.x * call.x_stride + s.within.x) / 4u));
}

fn gate_of(s: Sites, extra: u32) -> vec4<f32> {
    return unpack(gate[(call.gate_base + extra + s.row.x * call.gate_stride + s.within.x) / 4u]);
}

fn dy_of(s: Sites, extra: u32) -> vec4<f32> {
    return unpack(dy_at((call.dy_base + extra + s.row.x * call.dy_stride + s.within.x) / 4u));
}
