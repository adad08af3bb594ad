// Results of chunks of rows side by side from the statistics of the rows.

@compute @workgroup_size(WORKGROUP)
fn results(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let task = tasks_of(group, place).first;
    if task >= call.tasks {
        return;
    }
    let blocks = call.tasks / call.chunks;
    let r = rows_at(task % blocks);
    let s = states_of(r);
    let begin = (call.first_chunk + task / blocks) * call.chunk;
    for (var position = begin; position < min(begin + call.chunk, call.end); position++) {
        let e = entries_at(r, position);
        store(call.first + index_at(r, position), values_of(e, weights_of(e, s), s), 0u, r.count);
    }
}
