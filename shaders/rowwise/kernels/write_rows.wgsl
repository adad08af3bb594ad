// Results of chunks of rows from the statistics of the rows.

@compute @workgroup_size(WORKGROUP)
fn results(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let team = team_at(place);
    let tasks = tasks_of(group, place);
    for (var task = tasks.first; task < min(tasks.end, call.tasks); task += tasks.step) {
        let row = task / call.chunks;
        let begin = (call.first_chunk + task % call.chunks) * call.chunk;
        let end = min(begin + call.chunk, call.end);
        let s = states[call.first_row + row];
        let four = Four(s, s, s, s);
        for (var position = begin + 4u * team.lane; position < end; position += 4u * team.size) {
            let e = entries_at(row, position, end);
            store(call.first + index_at(row, position), values_of(e, weights_of(e, four), four), 0u, min(end - position, 4u));
        }
    }
}
