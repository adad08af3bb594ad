// A whole row: its statistics, then its results.

@compute @workgroup_size(WORKGROUP)
fn fused(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let team = team_at(invocation);
    let tasks = tasks_of(workgroup, invocation);
    for (var row = tasks.first; row < min(tasks.end, uniforms.rows); row += tasks.step) {
        let s = all_rounds(team, row);
        let four = Four(s, s, s, s);
        for (var position = 4u * team.lane; position < uniforms.length; position += 4u * team.size) {
            let e = entries_at(row, position, uniforms.length);
            let at = uniforms.first + index_at(row, position);
            store(at, values_of(e, weights_of(e, four), four), 0u, min(uniforms.length - position, 4u));
        }
    }
}
