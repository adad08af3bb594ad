// A whole row: its statistics, then its results.

@compute @workgroup_size(WORKGROUP)
fn fused(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let task = tasks_of(workgroup, invocation).first;
    if task >= uniforms.tasks {
        return;
    }
    let r = rows_at(task);
    let s = all_rounds(r);
    for (var position = 0u; position < uniforms.length; position++) {
        let e = entries_at(r, position);
        store(uniforms.first + index_at(r, position), values_of(e, weights_of(e, s), s), 0u, r.count);
    }
}
