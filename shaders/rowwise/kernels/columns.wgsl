// Rows along another axis than the last. An invocation has four rows side by side and goes along them together. `state`
// takes the statistics of all of a row, `gather` those of one chunk in the first round, `gather_again` in a later one.

@group(0) @binding(5) var<storage, read_write> partials: array<Statistics>;
@group(0) @binding(6) var<storage, read> states: array<Statistics>;
@group(0) @binding(7) var<storage, read_write> finished: array<Statistics>;

// The side-by-side rows that an invocation has, and where they lie.
struct Rows {
    first: u32,
    outer: u32,
    inner: u32,
    count: u32,
}

fn rows_at(block: u32) -> Rows {
    let across = (call.inner + 3u) / 4u;
    let outer = block / across;
    let inner = 4u * (block % across);
    return Rows(outer * call.inner + inner, outer, inner, min(call.inner - inner, 4u));
}

fn index_at(r: Rows, position: u32) -> u32 {
    return (r.outer * call.length + position - call.begin) * call.inner + r.inner;
}

fn entries_at(r: Rows, position: u32) -> Entries {
    let index = index_at(r, position);
    let kept = kept_at(index, r.count);
    let x = load_x(call.first + index, r.count);
    // Rows that are none share the place of one that is, so that no gradient is read where there is none.
    let dy = gradients(call.first + index, r.count, r.first + min(COUNT, vec4<u32>(r.count - 1u)));
    let number = call.first_element + (r.outer * call.length + position) * call.inner + r.inner + COUNT;
    return Entries(x, dy, kept, vec4<u32>(position), number, call.first_row + r.first + COUNT);
}

fn started(s: Four, round: u32) -> Four {
    return Four(start(s.first, round), start(s.second, round), start(s.third, round), start(s.fourth, round));
}

fn include_all(s: Four, e: Entries, round: u32) -> Four {
    return Four(
        include(s.first, first_of(e), round),
        include(s.second, second_of(e), round),
        include(s.third, third_of(e), round),
        include(s.fourth, fourth_of(e), round),
    );
}

fn settled(s: Four, round: u32) -> Four {
    return Four(settle(s.first, round), settle(s.second, round), settle(s.third, round), settle(s.fourth, round));
}

fn are_over(a: Four, b: Four) -> bool {
    let half_over = is_over(a.first, b.first) && is_over(a.second, b.second);
    return half_over && is_over(a.third, b.third) && is_over(a.fourth, b.fourth);
}

fn gathered(r: Rows, begin: u32, end: u32, s: Four, round: u32) -> Four {
    var t = started(s, round);
    for (var position = begin; position < end; position++) {
        t = include_all(t, entries_at(r, position), round);
    }
    return t;
}

// Rounds are constants, so that the compiler leaves out of each what belongs to others.
fn all_rounds(r: Rows) -> Four {
    var s = settled(gathered(r, 0u, call.length, no_four(), 0u), 0u);
    for (var round = 1u; round < ROUNDS; round++) {
        let previous = s;
        s = settled(gathered(r, 0u, call.length, previous, 1u), 1u);
        if are_over(previous, s) {
            break;
        }
    }
    return s;
}

fn no_four() -> Four {
    return Four(nothing(), nothing(), nothing(), nothing());
}

@compute @workgroup_size(WORKGROUP)
fn state(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let task = tasks_of(group, place).first;
    if task >= call.tasks {
        return;
    }
    let r = rows_at(task);
    let s = all_rounds(r);
    let at = call.first_row + r.first;
    finished[at] = s.first;
    if r.count > 1u {
        finished[at + 1u] = s.second;
    }
    if r.count > 2u {
        finished[at + 2u] = s.third;
    }
    if r.count > 3u {
        finished[at + 3u] = s.fourth;
    }
}

fn states_of(r: Rows) -> Four {
    let first = call.first_row + r.first;
    let last = first + r.count - 1u;
    return Four(states[first], states[min(first + 1u, last)], states[min(first + 2u, last)], states[last]);
}

// A task is a block of rows and a chunk of them.
fn gather_task(task: u32, round: u32) {
    let blocks = call.tasks / call.chunks;
    let r = rows_at(task % blocks);
    let chunk = call.first_chunk + task / blocks;
    let begin = chunk * call.chunk;
    var s = no_four();
    let first = call.first_row + r.first;
    if round > 0u {
        s = states_of(r);
    }
    s = gathered(r, begin, min(begin + call.chunk, call.end), s, round);
    let at = first * call.all_chunks + chunk;
    partials[at] = s.first;
    if r.count > 1u {
        partials[at + call.all_chunks] = s.second;
    }
    if r.count > 2u {
        partials[at + 2u * call.all_chunks] = s.third;
    }
    if r.count > 3u {
        partials[at + 3u * call.all_chunks] = s.fourth;
    }
}

@compute @workgroup_size(WORKGROUP)
fn gather(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let task = tasks_of(group, place).first;
    if task < call.tasks {
        gather_task(task, 0u);
    }
}

@compute @workgroup_size(WORKGROUP)
fn gather_again(group: Group, place: Place) {
    zero = group.workgroups.z - 1u;
    let task = tasks_of(group, place).first;
    if task < call.tasks {
        gather_task(task, 1u);
    }
}
