// The gradients of all pieces of a group, from one reading of them.

@compute @workgroup_size(WORKGROUP)
fn whole_groups(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let m = maximum_of(s);
        let dy = dy_of(s, 0u);
        for (var piece = 0u; piece < uniforms.pieces; piece++) {
            let dx = select(vec4<f32>(0.0), dy, m.piece == vec4<u32>(piece));
            store_piece(s, piece, uniforms.pieces, nan_where(m.nan, dx));
        }
    }
}
