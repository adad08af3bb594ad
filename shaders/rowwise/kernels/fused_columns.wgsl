// All of a row: its statistics, then its results.

@compute @workgroup_size(WORKGROUP)
fn whole(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let task = tasks_of(group, place).first;
    if task >= call.tasks {
        return;
    }
    let r = rows_at(task);
    let s = all_rounds(r);
    for (var position = 0u; position < call.length; position++) {
        let e = entries_at(r, position);
        store(call.first + index_at(r, position), values_of(e, weights_of(e, s), s), 0u, r.count);
    }
}
