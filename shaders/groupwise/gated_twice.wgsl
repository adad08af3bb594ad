// The gradient of the gradient of value * activation(gate): with dvalue = dy a(gate) and dgate = dy value a'(gate), it is the
// gradient of the sum of v1 dvalue and v2 dgate, by value, gate and dy. v lies as value and gate do. Elements are read one
// by one, whatever their order.

@group(0) @binding(8) var<storage, read> tangent_words: array<u32>;
@group(0) @binding(9) var<storage, read> second_tangent_words: array<u32>;

fn tangent_element(index: u32) -> f32 {
    return unpack_word(tangent_words[index / ELEMENTS_PER_WORD])[index % ELEMENTS_PER_WORD];
}

fn second_tangent_element(index: u32) -> f32 {
    return unpack_word(second_tangent_words[index / ELEMENTS_PER_WORD])[index % ELEMENTS_PER_WORD];
}

fn tangent_of(s: Locations) -> vec4<f32> {
    let at = uniforms.x_base + s.row * uniforms.x_stride + s.within;
    return vec4<f32>(tangent_element(at.x), tangent_element(at.y), tangent_element(at.z), tangent_element(at.w));
}

fn second_tangent_of(s: Locations) -> vec4<f32> {
    let at = uniforms.second_base + s.row * uniforms.second_stride + s.within;
    return vec4<f32>(
        second_tangent_element(at.x), second_tangent_element(at.y), second_tangent_element(at.z), second_tangent_element(at.w),
    );
}

fn slope_of(gate: f32) -> f32 {
    return derivative(gate_of(gate), uniforms.params);
}

// v2 dy a'(gate).
fn value_gradient_twice(value: f32, gate: f32, dy: f32, v2: f32) -> f32 {
    let is_clipped = is_clipped_value(value) || is_clipped_gate(gate);
    let y = select(product_of_three(dy, v2, slope_of(gate)), 0.0, is_clipped);
    return not_a_number_unless(!is_nan(gate) && !is_nan(dy) && !is_nan(v2), y);
}

// v1 dy a'(gate) + v2 dy value a''(gate).
fn gate_gradient_twice(value: f32, gate: f32, dy: f32, v1: f32, v2: f32) -> f32 {
    let valid = !is_nan(value) && !is_nan(gate) && !is_nan(dy) && !is_nan(v1) && !is_nan(v2);
    let of_value = select(product_of_three(dy, v1, slope_of(gate)), 0.0, is_clipped_value(value));
    let curvature = vanished(second_derivative(gate_of(gate), uniforms.params));
    // Without curvature there is no term, not even with an infinite value.
    let factor = select(value_of_unit(value), 0.0, curvature.value.x == 0.0);
    let of_gate = product_with_scaled(dy, v2, scaled_times(curvature, factor));
    return not_a_number_unless(valid, select(of_value + of_gate, 0.0, is_clipped_gate(gate)));
}

fn gradient_twice(is_gate: bool, value: f32, gate: f32, dy: f32, v1: f32, v2: f32) -> f32 {
    if is_gate {
        return gate_gradient_twice(value, gate, dy, v1, v2);
    }
    return value_gradient_twice(value, gate, dy, v2);
}

// v1 a(gate) + v2 value a'(gate).
fn tangent_at(value: f32, gate: f32, v1: f32, v2: f32) -> f32 {
    let valid = !is_nan(value) && !is_nan(gate) && !is_nan(v1) && !is_nan(v2);
    let of_value = select(v1 * activation(gate_of(gate), uniforms.params), 0.0, is_clipped_value(value));
    let of_gate = select(product_of_three(v2, value_of_unit(value), slope_of(gate)), 0.0, is_clipped_gate(gate));
    return not_a_number_unless(valid, of_value + of_gate);
}

// The gradients by both halves of one array.
@compute @workgroup_size(WORKGROUP)
fn double_backward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 2u);
        let is_gate = (pieces_of(s) == vec4<u32>(1u)) != vec4<bool>(uniforms.gate_is_first == 1u);
        let value = x_of(s, 0u);
        let gate = second_of(s, 0u);
        let dy = dy_of(s, 0u);
        let v1 = tangent_of(s);
        let v2 = second_tangent_of(s);
        store_group(group, vec4<f32>(
            gradient_twice(is_gate.x, value.x, gate.x, dy.x, v1.x, v2.x),
            gradient_twice(is_gate.y, value.y, gate.y, dy.y, v1.y, v2.y),
            gradient_twice(is_gate.z, value.z, gate.z, dy.z, v1.z, v2.z),
            gradient_twice(is_gate.w, value.w, gate.w, dy.w, v1.w, v2.w),
        ));
    }
}

// The gradients by a value and a gate that are arrays of their own.
@compute @workgroup_size(WORKGROUP)
fn double_backward_value(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let value = x_of(s, 0u);
        let gate = second_of(s, 0u);
        let dy = dy_of(s, 0u);
        let v2 = second_tangent_of(s);
        store_group(group, vec4<f32>(
            value_gradient_twice(value.x, gate.x, dy.x, v2.x),
            value_gradient_twice(value.y, gate.y, dy.y, v2.y),
            value_gradient_twice(value.z, gate.z, dy.z, v2.z),
            value_gradient_twice(value.w, gate.w, dy.w, v2.w),
        ));
    }
}

@compute @workgroup_size(WORKGROUP)
fn double_backward_gate(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let value = x_of(s, 0u);
        let gate = second_of(s, 0u);
        let dy = dy_of(s, 0u);
        let v1 = tangent_of(s);
        let v2 = second_tangent_of(s);
        store_group(group, vec4<f32>(
            gate_gradient_twice(value.x, gate.x, dy.x, v1.x, v2.x),
            gate_gradient_twice(value.y, gate.y, dy.y, v1.y, v2.y),
            gate_gradient_twice(value.z, gate.z, dy.z, v1.z, v2.z),
            gate_gradient_twice(value.w, gate.w, dy.w, v1.w, v2.w),
        ));
    }
}

// The gradient by dy.
@compute @workgroup_size(WORKGROUP)
fn tangent(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = locations_of(group, 1u);
        let value = x_of(s, 0u);
        let gate = second_of(s, 0u);
        let v1 = tangent_of(s);
        let v2 = second_tangent_of(s);
        store_group(group, vec4<f32>(
            tangent_at(value.x, gate.x, v1.x, v2.x),
            tangent_at(value.y, gate.y, v1.y, v2.y),
            tangent_at(value.z, gate.z, v1.z, v2.z),
            tangent_at(value.w, gate.w, v1.w, v2.w),
        ));
    }
}
