// All of a row: its statistics, then its results.

fn write(r: Rows, s: array<Statistics, 4>) {
    for (var position = 0u; position < call.length; position += 4u) {
        let tile = tile_at(r, position, call.length);
        let a = values_of(block_of(r, tile, position, call.length, 0u), s[0]);
        let b = values_of(block_of(r, tile, position, call.length, 1u), s[1]);
        let c = values_of(block_of(r, tile, position, call.length, 2u), s[2]);
        let d = values_of(block_of(r, tile, position, call.length, 3u), s[3]);
        for (var j = 0u; j < min(call.length - position, 4u); j++) {
            store(call.first + index_at(r, position + j), vec4<f32>(a[j], b[j], c[j], d[j]), 0u, r.count);
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn whole(place: Place) {
    let team = team_at(place);
    if team.task >= call.tasks {
        return;
    }
    let r = rows_at(team.task);
    write(r, all_rounds(r));
}
