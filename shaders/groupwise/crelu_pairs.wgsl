// Both results, from one reading of x.

@compute @workgroup_size(WORKGROUP)
fn pairs(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let x = x_of(s, 0u);
        let nan = are_nan(x);
        store_pair(s, nan_where(nan, max(x, vec4<f32>(0.0))), nan_where(nan, max(-x, vec4<f32>(0.0))));
    }
}
