// The gradient of the sum of v dx, where dx = dy f'(x): by x, which is f''(x) dy v, and by dy, which is f'(x) v.

@group(0) @binding(5) var<storage, read> v: array<Packed>;
@group(0) @binding(6) var<storage, read_write> second_result: array<Packed>;
@group(0) @binding(5) var<storage, read> v_words: array<u32>;
@group(0) @binding(6) var<storage, read_write> second_result_words: array<u32>;

struct Gradients {
    dx: vec4<f32>,
    ddy: vec4<f32>,
}

fn gradients_of(x: vec4<f32>, dy: vec4<f32>, v: vec4<f32>, first: Location) -> Gradients {
    let second = next(first);
    let third = next(second);
    let fourth = next(third);
    let z = vec4<f32>(input_at(x.x, first), input_at(x.y, second), input_at(x.z, third), input_at(x.w, fourth));
    let dx = vec4<f32>(
        curvature_at(dy.x, v.x, second_derivative(z.x, parameters_at(first)), first),
        curvature_at(dy.y, v.y, second_derivative(z.y, parameters_at(second)), second),
        curvature_at(dy.z, v.z, second_derivative(z.z, parameters_at(third)), third),
        curvature_at(dy.w, v.w, second_derivative(z.w, parameters_at(fourth)), fourth),
    );
    let ddy = vec4<f32>(
        gradient_at(v.x, derivative(z.x, parameters_at(first)), first),
        gradient_at(v.y, derivative(z.y, parameters_at(second)), second),
        gradient_at(v.z, derivative(z.z, parameters_at(third)), third),
        gradient_at(v.w, derivative(z.w, parameters_at(fourth)), fourth),
    );
    return Gradients(keep_nan(v, keep_nan(dy, keep_nan(z, dx))), keep_nan(v, keep_nan(z, ddy)));
}

fn double_backward_at(index: u32) {
    if index < arrayLength(&result) {
        let y = gradients_of(unpack(x_at(index)), unpack(dy_at(index)), unpack(v[index]), location_of(4u * index));
        result[index] = pack(y.dx);
        second_result[index] = pack(y.ddy);
    }
}

@compute @workgroup_size(WORKGROUP)
fn double_backward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    zero = groups.z - 1u;
    let first = first_vector(group, groups, local);
    double_backward_at(first);
    for (var i = 1u; i < VECTORS; i++) {
        double_backward_at(first + i * WORKGROUP);
    }
}

@compute @workgroup_size(4)
fn double_backward_tail(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let words = tail_words();
    if id.x < words {
        let index = arrayLength(&result_words) - words + id.x;
        let x = vec4<f32>(unpack_word(x_word_at(index)), 0.0, 0.0);
        let dy = vec4<f32>(unpack_word(dy_word_at(index)), 0.0, 0.0);
        let tangent = vec4<f32>(unpack_word(v_words[index]), 0.0, 0.0);
        let y = gradients_of(x, dy, tangent, location_of(ELEMENTS_PER_WORD * index));
        store_tail(id.x, index, y.dx.xy);
        second_result_words[index] = tail_word(id.x, second_result_words[index], y.ddy.xy);
    }
}
