// The maximum of each group of pieces. Its gradient goes to the first maximum. A NaN in a group makes the result NaN.

struct Maximum {
    value: vec4<f32>,
    piece: vec4<u32>,
    nan: vec4<bool>,
}

fn with_piece(m: Maximum, x: vec4<f32>, piece: u32) -> Maximum {
    let higher = x > m.value;
    return Maximum(select(m.value, x, higher), select(m.piece, vec4<u32>(piece), higher), m.nan | are_nan(x));
}

// The first two pieces, which may be one, are on their way together.
fn maximum_of(s: Locations) -> Maximum {
    let first = x_of(s, 0u);
    let second = x_of(s, (min(uniforms.pieces, 2u) - 1u) * uniforms.length);
    var m = with_piece(Maximum(first, vec4<u32>(0u), are_nan(first)), second, 1u);
    for (var piece = 2u; piece < uniforms.pieces; piece++) {
        m = with_piece(m, x_of(s, piece * uniforms.length), piece);
    }
    return m;
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let m = maximum_of(locations_of(group, 1u));
        store_group(group, nan_where(m.nan, m.value));
    }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, uniforms.pieces);
        let m = maximum_of(s);
        store_group(group, nan_where(m.nan, select(vec4<f32>(0.0), dy_of(s, 0u), m.piece == pieces_of(s))));
    }
}
