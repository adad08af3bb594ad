// All of a row: its statistics, then its results.

@compute @workgroup_size(WORKGROUP)
fn whole(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    for (var row = team.task; row < min(team.end, call.rows); row += team.step) {
        let s = all_rounds(team, row);
        let four = Four(s, s, s, s);
        for (var position = 4u * team.lane; position < call.length; position += 4u * team.size) {
            let e = entries_at(row, position, call.length);
            let at = call.first + index_at(row, position);
            store(at, values_of(e, weights_of(e, four), four), 0u, min(call.length - position, 4u));
        }
    }
}
