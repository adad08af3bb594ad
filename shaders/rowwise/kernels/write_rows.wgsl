// Results of chunks of rows, from the statistics of the rows.

@compute @workgroup_size(WORKGROUP)
fn write_rows(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let team = team_at(invocation);
    let tasks = tasks_of(workgroup, invocation);
    for (var task = tasks.first; task < min(tasks.end, uniforms.tasks); task += tasks.step) {
        let row = task / uniforms.chunks;
        let begin = (uniforms.first_chunk + task % uniforms.chunks) * uniforms.chunk;
        let end = min(begin + uniforms.chunk, uniforms.end);
        let s = statistics[uniforms.first_row + row];
        let four = Four(s, s, s, s);
        for (var position = begin + 4u * team.lane; position < end; position += 4u * team.size) {
            let e = entries_at(row, position, end);
            store(uniforms.first + index_at(row, position), values_of(e, weights_of(e, four), four), 0u, min(end - position, 4u));
        }
    }
}
