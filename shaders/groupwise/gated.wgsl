// value * activation(gate), and both its gradients.

fn gated(value: f32, gate: f32) -> f32 {
    return not_a_number_unless(!is_nan(value) && !is_nan(gate), value * activation(gate, uniforms.params));
}

fn value_gradient(gate: f32, dy: f32) -> f32 {
    return gated(dy, gate);
}

fn gate_gradient(value: f32, gate: f32, dy: f32) -> f32 {
    let valid = !is_nan(value) && !is_nan(gate) && !is_nan(dy);
    return not_a_number_unless(valid, product_of_three(dy, value, derivative(gate, uniforms.params)));
}

fn gradient(is_gate: bool, value: f32, gate: f32, dy: f32) -> f32 {
    if is_gate {
        return gate_gradient(value, gate, dy);
    }
    return value_gradient(gate, dy);
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let value = x_of(s, 0u);
        let gate = second_of(s, 0u);
        store_group(group, vec4<f32>(
            gated(value.x, gate.x), gated(value.y, gate.y), gated(value.z, gate.z), gated(value.w, gate.w),
        ));
    }
}

// The gradients of both halves of one array.
@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 2u);
        let is_gate = (pieces_of(s) == vec4<u32>(1u)) != vec4<bool>(uniforms.gate_is_first == 1u);
        let value = x_of(s, 0u);
        let gate = second_of(s, 0u);
        let dy = dy_of(s, 0u);
        store_group(group, vec4<f32>(
            gradient(is_gate.x, value.x, gate.x, dy.x),
            gradient(is_gate.y, value.y, gate.y, dy.y),
            gradient(is_gate.z, value.z, gate.z, dy.z),
            gradient(is_gate.w, value.w, gate.w, dy.w),
        ));
    }
}

// The gradient of a gate that is an array of its own. That of the value is `forward` of dy and the gate.
@compute @workgroup_size(WORKGROUP)
fn backward_gate(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let value = x_of(s, 0u);
        let gate = second_of(s, 0u);
        let dy = dy_of(s, 0u);
        store_group(group, vec4<f32>(
            gate_gradient(value.x, gate.x, dy.x),
            gate_gradient(value.y, gate.y, dy.y),
            gate_gradient(value.z, gate.z, dy.z),
            gate_gradient(value.w, gate.w, dy.w),
        ));
    }
}
