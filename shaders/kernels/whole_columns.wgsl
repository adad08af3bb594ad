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
        let line = line_at(r, position);
        let values = vec4<f32>(
            value(first_of(line), s.first),
            value(second_of(line), s.second),
            value(third_of(line), s.third),
            value(fourth_of(line), s.fourth),
        );
        store(call.first + index_at(r, position), values, 0u, r.count);
    }
}
