// All of a row: its statistics, then its results.

fn values_of(b: Block, s: Statistics) -> vec4<f32> {
    return vec4<f32>(
        value(Entry(b.x.x, b.dy.x, b.kept.x, b.position.x, b.number.x, b.row), s),
        value(Entry(b.x.y, b.dy.y, b.kept.y, b.position.y, b.number.y, b.row), s),
        value(Entry(b.x.z, b.dy.z, b.kept.z, b.position.z, b.number.z, b.row), s),
        value(Entry(b.x.w, b.dy.w, b.kept.w, b.position.w, b.number.w, b.row), s),
    );
}

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
