// Both gradients of one array, from one reading of values, gates and dy.

@compute @workgroup_size(WORKGROUP)
fn pairs(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let value = x_of(s, 0u);
        let gate = second_of(s, 0u);
        let dy = dy_of(s, 0u);
        let of_value = vec4<f32>(
            value_gradient(value.x, gate.x, dy.x),
            value_gradient(value.y, gate.y, dy.y),
            value_gradient(value.z, gate.z, dy.z),
            value_gradient(value.w, gate.w, dy.w),
        );
        let of_gate = vec4<f32>(
            gate_gradient(value.x, gate.x, dy.x),
            gate_gradient(value.y, gate.y, dy.y),
            gate_gradient(value.z, gate.z, dy.z),
            gate_gradient(value.w, gate.w, dy.w),
        );
        let gate_is_first = uniforms.gate_is_first == 1u;
        store_pair(s, select(of_value, of_gate, gate_is_first), select(of_gate, of_value, gate_is_first));
    }
}
