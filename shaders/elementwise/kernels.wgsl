// One activation or its gradient for each element.

// Four elements in succession. `first` is the location of the first, `before` what the result will overwrite.
fn forward_of(x: vec4<f32>, before: vec4<f32>, first: Location) -> vec4<f32> {
    let second = next(first);
    let third = next(second);
    let fourth = next(third);
    let z = vec4<f32>(input_at(x.x, first), input_at(x.y, second), input_at(x.z, third), input_at(x.w, fourth));
    let y = keep_nan(z, vec4<f32>(
        activation(z.x, parameters_at(first)),
        activation(z.y, parameters_at(second)),
        activation(z.z, parameters_at(third)),
        activation(z.w, parameters_at(fourth)),
    ));
    return vec4<f32>(
        output_at(y.x, before.x, first),
        output_at(y.y, before.y, second),
        output_at(y.z, before.z, third),
        output_at(y.w, before.w, fourth),
    );
}

fn backward_of(x: vec4<f32>, dy: vec4<f32>, first: Location) -> vec4<f32> {
    let second = next(first);
    let third = next(second);
    let fourth = next(third);
    let z = vec4<f32>(input_at(x.x, first), input_at(x.y, second), input_at(x.z, third), input_at(x.w, fourth));
    let dx = vec4<f32>(
        gradient_at(dy.x, derivative(z.x, parameters_at(first)), first),
        gradient_at(dy.y, derivative(z.y, parameters_at(second)), second),
        gradient_at(dy.z, derivative(z.z, parameters_at(third)), third),
        gradient_at(dy.w, derivative(z.w, parameters_at(fourth)), fourth),
    );
    return keep_nan(dy, keep_nan(z, dx));
}

// x, dy and result are bound with the same length, so a guard on one of them covers all.
fn forward_at(index: u32) {
    if index < arrayLength(&result) {
        var before = vec4<f32>(0.0);
        if OVER_ADDEND {
            before = unpack(result[index]);
        }
        result[index] = pack(forward_of(unpack(x_at(index)), before, location_of(4u * index)));
    }
}

fn backward_at(index: u32) {
    if index < arrayLength(&result) {
        result[index] = pack(backward_of(unpack(x_at(index)), unpack(dy_at(index)), location_of(4u * index)));
    }
}

// The first vector stands before the loop. Mesa does not unroll large loops, and a loop of one turn halved gelu's
// throughput on llvmpipe.
@compute @workgroup_size(WORKGROUP)
fn forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    zero = groups.z - 1u;
    let first = first_vector(group, groups, local);
    forward_at(first);
    for (var i = 1u; i < VECTORS; i++) {
        forward_at(first + i * WORKGROUP);
    }
}

@compute @workgroup_size(WORKGROUP)
fn backward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    zero = groups.z - 1u;
    let first = first_vector(group, groups, local);
    backward_at(first);
    for (var i = 1u; i < VECTORS; i++) {
        backward_at(first + i * WORKGROUP);
    }
}

@compute @workgroup_size(4)
fn forward_tail(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let words = tail_words();
    if id.x < words {
        let index = arrayLength(&result_words) - words + id.x;
        let x = vec4<f32>(unpack_word(x_word_at(index)), 0.0, 0.0);
        var before = vec4<f32>(0.0);
        if OVER_ADDEND {
            before = vec4<f32>(unpack_word(result_words[index]), 0.0, 0.0);
        }
        store_tail(id.x, index, forward_of(x, before, location_of(ELEMENTS_PER_WORD * index)).xy);
    }
}

@compute @workgroup_size(4)
fn backward_tail(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let words = tail_words();
    if id.x < words {
        let index = arrayLength(&result_words) - words + id.x;
        let x = vec4<f32>(unpack_word(x_word_at(index)), 0.0, 0.0);
        let dy = vec4<f32>(unpack_word(dy_word_at(index)), 0.0, 0.0);
        store_tail(id.x, index, backward_of(x, dy, location_of(ELEMENTS_PER_WORD * index)).xy);
    }
}
