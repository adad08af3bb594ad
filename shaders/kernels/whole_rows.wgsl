// All of a row: its statistics, then its results.

@compute @workgroup_size(WORKGROUP)
fn whole(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    for (var row = team.task; row < min(team.end, call.rows); row += team.step) {
        let s = all_rounds(team, row);
        for (var position = 4u * team.lane; position < call.length; position += 4u * team.size) {
            let b = block_at(row, position, call.length);
            store(call.first + row * call.length + position, values_of(b, s), 0u, min(call.length - position, 4u));
        }
    }
}
