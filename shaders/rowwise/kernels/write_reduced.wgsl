// One result for each row, from its statistics.

@group(0) @binding(6) var<storage, read> statistics: array<Statistics>;

@compute @workgroup_size(64)
fn write_reduced(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = 4u * (uniforms.first / 4u + id.x + id.y * workgroups.x * 64u);
    let end = uniforms.first + uniforms.rows;
    if group >= end {
        return;
    }
    let skip = uniforms.first - min(uniforms.first, group);
    let count = min(end - group, 4u);
    var values = vec4<f32>(0.0);
    for (var j = skip; j < count; j++) {
        values[j] = reduced_value(statistics[group + j - uniforms.first]);
    }
    store(group, values, skip, count);
}
