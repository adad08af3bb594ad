// value * activation(gate), and both its gradients. Where LIMITED, the gate is at most `limit`, the value is within ±limit, and
// `value_addend` is added to it.

fn gate_of(gate: f32) -> f32 {
    if LIMITED {
        return select(gate, uniforms.limit, gate > uniforms.limit);
    }
    return gate;
}

fn value_of_unit(value: f32) -> f32 {
    if LIMITED {
        let limit = uniforms.limit;
        return select(select(value, limit, value > limit), -limit, value < -limit) + uniforms.value_addend;
    }
    return value;
}

// What a limit clips has no part in a gradient. At the limit it has, as in PyTorch's clamp.
fn is_clipped_value(value: f32) -> bool {
    return LIMITED && abs(value) > uniforms.limit;
}

fn is_clipped_gate(gate: f32) -> bool {
    return LIMITED && gate > uniforms.limit;
}

fn gated(value: f32, gate: f32) -> f32 {
    let y = value_of_unit(value) * activation(gate_of(gate), uniforms.params);
    return not_a_number_unless(!is_nan(value) && !is_nan(gate), y);
}

fn value_gradient(value: f32, gate: f32, dy: f32) -> f32 {
    let y = select(dy * activation(gate_of(gate), uniforms.params), 0.0, is_clipped_value(value));
    return not_a_number_unless(!is_nan(dy) && !is_nan(gate), y);
}

fn gate_gradient(value: f32, gate: f32, dy: f32) -> f32 {
    let valid = !is_nan(value) && !is_nan(gate) && !is_nan(dy);
    let slope = derivative(gate_of(gate), uniforms.params);
    let y = product_of_three(dy, value_of_unit(value), slope);
    return not_a_number_unless(valid, select(y, 0.0, is_clipped_gate(gate)));
}

fn gradient(is_gate: bool, value: f32, gate: f32, dy: f32) -> f32 {
    if is_gate {
        return gate_gradient(value, gate, dy);
    }
    return value_gradient(value, gate, dy);
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

// The gradients of a value and a gate that are arrays of their own.
@compute @workgroup_size(WORKGROUP)
fn backward_value(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let value = x_of(s, 0u);
        let gate = second_of(s, 0u);
        let dy = dy_of(s, 0u);
        store_group(group, vec4<f32>(
            value_gradient(value.x, gate.x, dy.x),
            value_gradient(value.y, gate.y, dy.y),
            value_gradient(value.z, gate.z, dy.z),
            value_gradient(value.w, gate.w, dy.w),
        ));
    }
}

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
