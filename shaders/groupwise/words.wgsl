// Access to each of four elements by itself.

struct Locations {
    row: vec4<u32>,
    piece: vec4<u32>,
    within: vec4<u32>,
}

fn pieces_of(s: Locations) -> vec4<u32> {
    return s.piece;
}

// The locations of four results, with `pieces` pieces of a row in the result. Locations outside it are clamped to it.
fn locations_of(group: u32, pieces: u32) -> Locations {
    let last = uniforms.first + uniforms.elements - 1u;
    let places = clamp(vec4<u32>(group, group + 1u, group + 2u, group + 3u), vec4<u32>(uniforms.first), vec4<u32>(last));
    let elements = places - uniforms.first + uniforms.begin;
    let lines = elements / uniforms.length;
    return Locations(lines / pieces, lines % pieces, elements % uniforms.length);
}

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
