// Results of chunks of rows side by side, from the statistics of the rows.

@compute @workgroup_size(WORKGROUP)
fn write_rows(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let task = tasks_of(workgroup, invocation).first;
    if task >= uniforms.tasks {
        return;
    }
    let blocks = uniforms.tasks / uniforms.chunks;
    let r = rows_at(task % blocks);
    let s = statistics_of(r);
    let begin = (uniforms.first_chunk + task / blocks) * uniforms.chunk;
    for (var position = begin; position < min(begin + uniforms.chunk, uniforms.end); position++) {
        let e = entries_at(r, position);
        store(uniforms.first + index_at(r, position), values_of(e, weights_of(e, s), s), 0u, r.count);
    }
}
