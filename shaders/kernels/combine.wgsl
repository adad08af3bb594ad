// The statistics of each row from those of its chunks.

@group(0) @binding(5) var<storage, read> partials: array<Statistics>;
@group(0) @binding(6) var<storage, read_write> states: array<Statistics>;

@compute @workgroup_size(WORKGROUP)
fn combine(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    for (var row = team.task; row < min(team.end, call.rows); row += team.step) {
        var previous = nothing();
        if call.round > 0u {
            previous = states[row];
        }
        var s = start(previous, call.round);
        for (var part = team.lane; part < call.repeats * call.all_chunks; part += team.size) {
            let repeat = part / call.all_chunks;
            s = merge(s, partials[(repeat * call.rows + row) * call.all_chunks + part % call.all_chunks], call.round);
        }
        s = settle(together(team, s, call.round), call.round);
        if team.lane == 0u {
            states[row] = s;
        }
    }
}
