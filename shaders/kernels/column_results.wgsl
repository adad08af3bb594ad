// Results of chunks of rows side by side from the statistics of the rows.

@compute @workgroup_size(WORKGROUP)
fn results(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    if team.task >= call.tasks {
        return;
    }
    let blocks = call.tasks / call.chunks;
    let r = rows_at(team.task % blocks);
    let s = states_of(r);
    let begin = (call.first_chunk + team.task / blocks) * call.chunk;
    for (var position = begin; position < min(begin + call.chunk, call.end); position++) {
        let e = entries_at(r, position);
        store(call.first + index_at(r, position), values_of(e, weights_of(e, s), s), 0u, r.count);
    }
}
