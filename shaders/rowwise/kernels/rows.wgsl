// Rows whose elements lie in succession, four of them at a time. `state` takes the statistics of all of a row,
// `gather` those of one chunk in the first round, `gather_again` in a later one.

@group(0) @binding(5) var<storage, read_write> partials: array<Statistics>;
@group(0) @binding(6) var<storage, read> states: array<Statistics>;
@group(0) @binding(7) var<storage, read_write> finished: array<Statistics>;

fn include_all(s: Statistics, e: Entries, round: u32) -> Statistics {
    let t = include(include(s, first_of(e), round), second_of(e), round);
    return include(include(t, third_of(e), round), fourth_of(e), round);
}

fn index_at(row: u32, position: u32) -> u32 {
    return row * call.length + position - call.begin;
}

fn entries_at(row: u32, position: u32, end: u32) -> Entries {
    let count = min(end - position, 4u);
    let index = index_at(row, position);
    let kept = kept_at(index, count);
    let x = load_x(call.first + index, count);
    let dy = gradients(call.first + index, count, vec4<u32>(row));
    let number = call.first_element + row * call.length + position + COUNT;
    return Entries(x, dy, kept, position + COUNT, number, vec4<u32>(call.first_row + row));
}

// What one lane gathers. It begins with nothing but what the row's state carries, so that merging counts nothing twice.
fn gathered(team: Team, row: u32, begin: u32, end: u32, state: Statistics, round: u32) -> Statistics {
    var s = start(state, round);
    for (var position = begin + 4u * team.lane; position < end; position += 4u * team.size) {
        s = include_all(s, entries_at(row, position, end), round);
    }
    return s;
}

// Rounds are constants, so that the compiler leaves out of each what belongs to others.
fn all_rounds(team: Team, row: u32) -> Statistics {
    var s = together_settled(team, gathered(team, row, 0u, call.length, nothing(), 0u), 0u);
    for (var round = 1u; round < ROUNDS; round++) {
        let previous = s;
        s = together_settled(team, gathered(team, row, 0u, call.length, previous, 1u), 1u);
        if is_over(previous, s) {
            break;
        }
    }
    return s;
}

@compute @workgroup_size(WORKGROUP)
fn state(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let team = team_at(place);
    let tasks = tasks_of(group, place);
    for (var row = tasks.first; row < min(tasks.end, call.rows); row += tasks.step) {
        let s = all_rounds(team, row);
        if team.lane == 0u {
            finished[call.first_row + row] = s;
        }
    }
}

// A task is a row and a chunk of it.
fn gather_task(team: Team, task: u32, round: u32) {
    let row = task / call.chunks;
    let chunk = call.first_chunk + task % call.chunks;
    let begin = chunk * call.chunk;
    var state = nothing();
    if round > 0u {
        state = states[call.first_row + row];
    }
    let s = together(team, gathered(team, row, begin, min(begin + call.chunk, call.end), state, round), round);
    if team.lane == 0u {
        partials[(call.first_row + row) * call.all_chunks + chunk] = s;
    }
}

@compute @workgroup_size(WORKGROUP)
fn gather(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let team = team_at(place);
    let tasks = tasks_of(group, place);
    for (var task = tasks.first; task < min(tasks.end, call.tasks); task += tasks.step) {
        gather_task(team, task, 0u);
    }
}

@compute @workgroup_size(WORKGROUP)
fn gather_again(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let team = team_at(place);
    let tasks = tasks_of(group, place);
    for (var task = tasks.first; task < min(tasks.end, call.tasks); task += tasks.step) {
        gather_task(team, task, 1u);
    }
}
