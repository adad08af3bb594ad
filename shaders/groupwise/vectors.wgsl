// Access to four elements in succession, where each four is a whole vector of every operand.

// The location of a vector: its row, the piece, and the index of its first element within the piece.
struct Locations {
    row: u32,
    piece: u32,
    within: u32,
}

fn pieces_of(s: Locations) -> vec4<u32> {
    return vec4<u32>(s.piece);
}

// With `pieces` pieces of a row in the result. Where they are one or two, known when the module is compiled, no division
// is left.
fn locations_of(group: u32, pieces: u32) -> Locations {
    let element = group - uniforms.first + uniforms.begin;
    let line = u32(quotient(i32(element / 4u), i32(uniforms.length / 4u)));
    var row = line >> (pieces - 1u);
    if pieces > 2u {
        row = u32(quotient(i32(line), i32(pieces)));
    }
    return Locations(row, line - row * pieces, element - line * uniforms.length);
}

fn x_of(s: Locations, extra: u32) -> vec4<f32> {
    return unpack(x_at((uniforms.x_base + extra + s.row * uniforms.x_stride + s.within) / 4u));
}

fn second_of(s: Locations, extra: u32) -> vec4<f32> {
    return unpack(second[(uniforms.second_base + extra + s.row * uniforms.second_stride + s.within) / 4u]);
}

fn dy_of(s: Locations, extra: u32) -> vec4<f32> {
    return unpack(dy_at((uniforms.dy_base + extra + s.row * uniforms.dy_stride + s.within) / 4u));
}

// Stores both pieces of the groups at a location with one piece a row.
fn store_pair(s: Locations, first: vec4<f32>, second: vec4<f32>) {
    let at = uniforms.first + 2u * (s.row * uniforms.length - uniforms.begin) + s.within;
    store(at, first, 0u, 4u);
    store(at + uniforms.length, second, 0u, 4u);
}
