// relu(x) and relu(-x), one after the other.

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 2u);
        let x = x_of(s, 0u);
        store_group(group, nan_where(are_nan(x), max(select(x, -x, pieces_of(s) == vec4<u32>(1u)), vec4<f32>(0.0))));
    }
}

// The dy of relu(x) is bound as dy, that of relu(-x) as the second input.
@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let x = x_of(s, 0u);
        let none = vec4<f32>(0.0);
        let dx = select(none, dy_of(s, 0u), x > none) - select(none, second_of(s, 0u), x < none);
        store_group(group, nan_where(are_nan(x), dx));
    }
}
