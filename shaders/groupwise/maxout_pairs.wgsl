// The gradients of two pieces, from one reading of them.

@compute @workgroup_size(WORKGROUP)
fn pairs(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let m = maximum_of(s);
        let dy = dy_of(s, 0u);
        let none = vec4<f32>(0.0);
        let is_first = m.piece == vec4<u32>(0u);
        store_pair(s, nan_where(m.nan, select(none, dy, is_first)), nan_where(m.nan, select(dy, none, is_first)));
    }
}
