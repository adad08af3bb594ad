// The statistics of each row from those of its chunks.

@group(0) @binding(5) var<storage, read> partials: array<Statistics>;
@group(0) @binding(6) var<storage, read_write> statistics: array<Statistics>;

@compute @workgroup_size(WORKGROUP)
fn combine(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let team = team_at(invocation);
    let tasks = tasks_of(workgroup, invocation);
    for (var row = tasks.first; row < min(tasks.end, uniforms.rows); row += tasks.step) {
        var previous = identity();
        if uniforms.round > 0u {
            previous = statistics[row];
        }
        var s = start(previous, uniforms.round);
        for (var part = team.lane; part < uniforms.repeats * uniforms.all_chunks; part += team.size) {
            let repeat = part / uniforms.all_chunks;
            s = merge(s, partials[(repeat * uniforms.rows + row) * uniforms.all_chunks + part % uniforms.all_chunks], uniforms.round);
        }
        s = together_finalized(team, s, uniforms.round);
        if team.lane == 0u {
            statistics[row] = s;
        }
    }
}
