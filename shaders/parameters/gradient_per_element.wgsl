// The gradient of a parameter with a value for each element: dy times the result's derivative by it.

@group(0) @binding(2) var<storage, read_write> gradients: array<f32>;

@compute @workgroup_size(64)
fn gradient(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let index = id.x + id.y * workgroups.x * 64u;
    if index < uniforms.tail_elements {
        gradients[index] = value_of(term(dy_element(index), x_element(index), location_of(index)));
    }
}
