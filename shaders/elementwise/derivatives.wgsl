// A derivative of the activation at each element, without a gradient to multiply it by. `derivative_at(z, location)` is made for
// the order.

fn derivatives_of(x: vec4<f32>, first: Location) -> vec4<f32> {
    let second = next(first);
    let third = next(second);
    let fourth = next(third);
    let z = vec4<f32>(input_at(x.x, first), input_at(x.y, second), input_at(x.z, third), input_at(x.w, fourth));
    return keep_nan(z, vec4<f32>(
        derivative_at(z.x, first),
        derivative_at(z.y, second),
        derivative_at(z.z, third),
        derivative_at(z.w, fourth),
    ));
}

fn derivatives_at(index: u32) {
    if index < arrayLength(&result) {
        result[index] = pack(derivatives_of(unpack(x_at(index)), location_of(4u * index)));
    }
}

@compute @workgroup_size(WORKGROUP)
fn derivatives(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    zero = groups.z - 1u;
    let first = first_vector(group, groups, local);
    derivatives_at(first);
    for (var i = 1u; i < VECTORS; i++) {
        derivatives_at(first + i * WORKGROUP);
    }
}

@compute @workgroup_size(4)
fn derivatives_tail(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let words = tail_words();
    if id.x < words {
        let index = arrayLength(&result_words) - words + id.x;
        let x = vec4<f32>(unpack_word(x_word_at(index)), 0.0, 0.0);
        store_tail(id.x, index, derivatives_of(x, location_of(ELEMENTS_PER_WORD * index)).xy);
    }
}
