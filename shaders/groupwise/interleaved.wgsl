// Access to four rows in succession, each of one or two elements, which begin at a whole vector of every operand.

struct Locations {
    row: u32,
}

fn pieces_of(s: Locations) -> vec4<u32> {
    return vec4<u32>(0u, 1u, 0u, 1u);
}

fn locations_of(group: u32, pieces: u32) -> Locations {
    return Locations((group - uniforms.first + uniforms.begin) / pieces);
}

// One piece of two vectors in which both alternate.
fn piece_of(a: vec4<f32>, b: vec4<f32>, index: u32) -> vec4<f32> {
    return select(vec4<f32>(a.xz, b.xz), vec4<f32>(a.yw, b.yw), index % 2u == 1u);
}

fn x_of(s: Locations, extra: u32) -> vec4<f32> {
    let index = uniforms.x_base + extra + s.row * uniforms.x_stride;
    let a = unpack(x_at(index / 4u));
    if uniforms.x_stride == 1u {
        return a;
    }
    return piece_of(a, unpack(x_at(index / 4u + 1u)), index);
}

fn second_of(s: Locations, extra: u32) -> vec4<f32> {
    let index = uniforms.second_base + extra + s.row * uniforms.second_stride;
    return piece_of(unpack(second[index / 4u]), unpack(second[index / 4u + 1u]), index);
}

fn dy_of(s: Locations, extra: u32) -> vec4<f32> {
    let index = uniforms.dy_base + extra + s.row * uniforms.dy_stride;
    let a = unpack(dy_at(index / 4u));
    if uniforms.dy_stride == 1u {
        return a;
    }
    return piece_of(a, unpack(dy_at(index / 4u + 1u)), index);
}

fn store_pair(s: Locations, first: vec4<f32>, second: vec4<f32>) {
    let at = uniforms.first + 2u * (s.row - uniforms.begin);
    store(at, vec4<f32>(first.x, second.x, first.y, second.y), 0u, 4u);
    store(at + 4u, vec4<f32>(first.z, second.z, first.w, second.w), 0u, 4u);
}
