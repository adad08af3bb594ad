// All of a row: its statistics, then its results.

@compute @workgroup_size(WORKGROUP)
fn whole(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let team = team_at(place);
    let tasks = tasks_of(group, place);
    for (var row = tasks.first; row < min(tasks.end, call.rows); row += tasks.step) {
        let s = all_rounds(team, row);
        let four = Four(s, s, s, s);
        for (var position = 4u * team.lane; position < call.length; position += 4u * team.size) {
            let e = entries_at(row, position, call.length);
            let at = call.first + index_at(row, position);
            store(at, values_of(e, weights_of(e, four), four), 0u, min(call.length - position, 4u));
        }
    }
}
