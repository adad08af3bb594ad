// The statistics of each row from those of its chunks.

@group(0) @binding(5) var<storage, read> partials: array<Statistics>;
@group(0) @binding(6) var<storage, read_write> states: array<Statistics>;

@compute @workgroup_size(WORKGROUP)
fn combine(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let team = team_at(place);
    let tasks = tasks_of(group, place);
    for (var row = tasks.first; row < min(tasks.end, call.rows); row += tasks.step) {
        var previous = nothing();
        if call.round > 0u {
            previous = states[row];
        }
        var s = start(previous, call.round);
        for (var part = team.lane; part < call.repeats * call.all_chunks; part += team.size) {
            let repeat = part / call.all_chunks;
            s = merge(s, partials[(repeat * call.rows + row) * call.all_chunks + part % call.all_chunks], call.round);
        }
        s = together_settled(team, s, call.round);
        if team.lane == 0u {
            states[row] = s;
        }
    }
}
