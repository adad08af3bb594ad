// relu(x) and relu(-x), one after the other.

fn keep_nan(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
    let nan = (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
    return bitcast<vec4<f32>>(select(bitcast<vec4<u32>>(y), vec4<u32>(0x7fc00000u), nan));
}

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = sites_of(group, 2u);
        let x = x_of(s, 0u);
        store_group(group, keep_nan(x, max(select(x, -x, s.piece == vec4<u32>(1u)), vec4<f32>(0.0))));
    }
}

// dy of relu(x) is bound as dy, that of relu(-x) as gate.
@compute @workgroup_size(64)
fn backward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = group_at(id, workgroups);
    if is_in_reach(group) {
        let s = sites_of(group, 1u);
        let x = x_of(s, 0u);
        let zero = vec4<f32>(0.0);
        let dx = select(zero, dy_of(s, 0u), x > zero) - select(zero, gate_of(s, 0u), x < zero);
        store_group(group, keep_nan(x, dx));
    }
}
