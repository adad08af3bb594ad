// The maximum of each group of pieces. Its gradient goes to the first maximum. A NaN in a group makes the result NaN.

struct Maximum {
    value: vec4<f32>,
    piece: vec4<u32>,
    nan: vec4<bool>,
}

fn maximum_of(s: Locations) -> Maximum {
    let first = x_of(s, 0u);
    var m = Maximum(first, vec4<u32>(0u), are_nan(first));
    for (var piece = 1u; piece < uniforms.pieces; piece++) {
        let x = x_of(s, piece * uniforms.length);
        let higher = x > m.value;
        m.value = select(m.value, x, higher);
        m.piece = select(m.piece, vec4<u32>(piece), higher);
        m.nan = m.nan | are_nan(x);
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
