// All of a row: its statistics, then its results.

@compute @workgroup_size(WORKGROUP)
fn whole(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    if team.task >= call.tasks {
        return;
    }
    let r = rows_at(team.task);
    let s = all_rounds(r);
    for (var position = 0u; position < call.length; position++) {
        let e = entries_at(r, position);
        store(call.first + index_at(r, position), values_of(e, weights_of(e, s), s), 0u, r.count);
    }
}
