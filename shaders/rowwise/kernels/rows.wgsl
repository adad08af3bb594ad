// Rows whose elements lie in succession, taken four at a time. `whole` takes the statistics of a whole row, `partial`
// those of a chunk in the first round, `partial_again` those of a chunk in a later round.

@group(0) @binding(5) var<storage, read_write> partials: array<Statistics>;
@group(0) @binding(6) var<storage, read> statistics: array<Statistics>;
@group(0) @binding(7) var<storage, read_write> whole_statistics: array<Statistics>;

fn accumulate_all(s: Statistics, e: Entries, round: u32) -> Statistics {
    let t = accumulate(accumulate(s, first_of(e), round), second_of(e), round);
    return accumulate(accumulate(t, third_of(e), round), fourth_of(e), round);
}

fn index_at(row: u32, position: u32) -> u32 {
    return row * uniforms.length + position - uniforms.begin;
}

fn entries_at(row: u32, position: u32, end: u32) -> Entries {
    let count = min(end - position, 4u);
    let index = index_at(row, position);
    let kept = kept_at(index, count);
    let x = load_x(uniforms.first + index, count);
    let dy = gradients(uniforms.first + index, count, vec4<u32>(row));
    let v = tangents(uniforms.first + index, count);
    let number = uniforms.first_element + row * uniforms.length + position + COUNT;
    return Entries(x, dy, v, kept, position + COUNT, number, vec4<u32>(uniforms.first_row + row));
}

// The statistics that one lane gathers. They begin with only what the row's state carries, so that merging counts
// nothing twice.
fn gathered(team: Team, row: u32, begin: u32, end: u32, state: Statistics, round: u32) -> Statistics {
    var s = start(state, round);
    for (var position = begin + 4u * team.lane; position < end; position += 4u * team.size) {
        s = accumulate_all(s, entries_at(row, position, end), round);
    }
    return s;
}

// Rounds are constants, so that the compiler removes from each what belongs to others.
fn all_rounds(team: Team, row: u32) -> Statistics {
    var s = together_finalized(team, gathered(team, row, 0u, uniforms.length, identity(), 0u), 0u);
    for (var round = 1u; round < ROUNDS; round++) {
        let previous = s;
        s = together_finalized(team, gathered(team, row, 0u, uniforms.length, previous, 1u), 1u);
        if is_over(previous, s) {
            break;
        }
    }
    return s;
}

@compute @workgroup_size(WORKGROUP)
fn whole(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let team = team_at(invocation);
    let tasks = tasks_of(workgroup, invocation);
    for (var row = tasks.first; row < min(tasks.end, uniforms.rows); row += tasks.step) {
        let s = all_rounds(team, row);
        if team.lane == 0u {
            whole_statistics[uniforms.first_row + row] = s;
        }
    }
}

// A task is a chunk of a row.
fn partial_task(team: Team, task: u32, round: u32) {
    let row = task / uniforms.chunks;
    let chunk = uniforms.first_chunk + task % uniforms.chunks;
    let begin = chunk * uniforms.chunk;
    var state = identity();
    if round > 0u {
        state = statistics[uniforms.first_row + row];
    }
    let s = together(team, gathered(team, row, begin, min(begin + uniforms.chunk, uniforms.end), state, round), round);
    if team.lane == 0u {
        partials[(uniforms.first_row + row) * uniforms.all_chunks + chunk] = s;
    }
}

@compute @workgroup_size(WORKGROUP)
fn partial(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let team = team_at(invocation);
    let tasks = tasks_of(workgroup, invocation);
    for (var task = tasks.first; task < min(tasks.end, uniforms.tasks); task += tasks.step) {
        partial_task(team, task, 0u);
    }
}

@compute @workgroup_size(WORKGROUP)
fn partial_again(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let team = team_at(invocation);
    let tasks = tasks_of(workgroup, invocation);
    for (var task = tasks.first; task < min(tasks.end, uniforms.tasks); task += tasks.step) {
        partial_task(team, task, 1u);
    }
}
