// All of a row: its statistics, then its results.

fn store_position(r: Rows, position: u32, values: vec4<f32>) {
    if position < call.length {
        store(call.first + index_at(r, position), values, 0u, r.count);
    }
}

fn write(r: Rows, s: array<Statistics, 4>) {
    for (var position = 0u; position < call.length; position += 4u) {
        let tile = tile_at(r, position, call.length);
        let a = values_of(block_of(r, tile, position, call.length, 0u), s[0]);
        let b = values_of(block_of(r, tile, position, call.length, 1u), s[1]);
        let c = values_of(block_of(r, tile, position, call.length, 2u), s[2]);
        let d = values_of(block_of(r, tile, position, call.length, 3u), s[3]);
        store_position(r, position, vec4<f32>(a.x, b.x, c.x, d.x));
        store_position(r, position + 1u, vec4<f32>(a.y, b.y, c.y, d.y));
        store_position(r, position + 2u, vec4<f32>(a.z, b.z, c.z, d.z));
        store_position(r, position + 3u, vec4<f32>(a.w, b.w, c.w, d.w));
    }
}

@compute @workgroup_size(WORKGROUP)
fn whole(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    if team.task >= call.tasks {
        return;
    }
    let r = rows_at(team.task);
    write(r, all_rounds(r));
}
