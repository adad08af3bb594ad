// Rows along another axis than the last. An invocation goes along four rows side by side. `whole` takes the statistics
// of a whole row, `partial` those of a chunk in the first round, `partial_again` those of a chunk in a later round.

@group(0) @binding(5) var<storage, read_write> partials: array<Statistics>;
@group(0) @binding(6) var<storage, read> statistics: array<Statistics>;
@group(0) @binding(7) var<storage, read_write> whole_statistics: array<Statistics>;

// The side-by-side rows of an invocation, and their location.
struct Rows {
    first: u32,
    outer: u32,
    inner: u32,
    count: u32,
}

fn rows_at(block: u32) -> Rows {
    let across = (uniforms.inner + 3u) / 4u;
    let outer = block / across;
    let inner = 4u * (block % across);
    return Rows(outer * uniforms.inner + inner, outer, inner, min(uniforms.inner - inner, 4u));
}

fn index_at(r: Rows, position: u32) -> u32 {
    return (r.outer * uniforms.length + position - uniforms.begin) * uniforms.inner + r.inner;
}

fn entries_at(r: Rows, position: u32) -> Entries {
    let index = index_at(r, position);
    let kept = kept_at(index, r.count);
    let x = load_x(uniforms.first + index, r.count);
    // Rows that do not exist share the location of one that does, so that no gradient is read outside.
    let dy = gradients(uniforms.first + index, r.count, r.first + min(COUNT, vec4<u32>(r.count - 1u)));
    let v = tangents(uniforms.first + index, r.count);
    let number = uniforms.first_element + (r.outer * uniforms.length + position) * uniforms.inner + r.inner + COUNT;
    return Entries(x, dy, v, kept, vec4<u32>(position), number, uniforms.first_row + r.first + COUNT);
}

fn started(s: Four, round: u32) -> Four {
    return Four(start(s.first, round), start(s.second, round), start(s.third, round), start(s.fourth, round));
}

fn accumulate_all(s: Four, e: Entries, round: u32) -> Four {
    return Four(
        accumulate(s.first, first_of(e), round),
        accumulate(s.second, second_of(e), round),
        accumulate(s.third, third_of(e), round),
        accumulate(s.fourth, fourth_of(e), round),
    );
}

fn finalized(s: Four, round: u32) -> Four {
    return Four(finalize(s.first, round), finalize(s.second, round), finalize(s.third, round), finalize(s.fourth, round));
}

fn are_over(a: Four, b: Four) -> bool {
    let half_over = is_over(a.first, b.first) && is_over(a.second, b.second);
    return half_over && is_over(a.third, b.third) && is_over(a.fourth, b.fourth);
}

fn gathered(r: Rows, begin: u32, end: u32, s: Four, round: u32) -> Four {
    var t = started(s, round);
    for (var position = begin; position < end; position++) {
        t = accumulate_all(t, entries_at(r, position), round);
    }
    return t;
}

// Rounds are constants, so that the compiler removes from each what belongs to others.
fn all_rounds(r: Rows) -> Four {
    var s = finalized(gathered(r, 0u, uniforms.length, identities(), 0u), 0u);
    for (var round = 1u; round < ROUNDS; round++) {
        let previous = s;
        s = finalized(gathered(r, 0u, uniforms.length, previous, 1u), 1u);
        if are_over(previous, s) {
            break;
        }
    }
    return s;
}

fn identities() -> Four {
    return Four(identity(), identity(), identity(), identity());
}

@compute @workgroup_size(WORKGROUP)
fn whole(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let task = tasks_of(workgroup, invocation).first;
    if task >= uniforms.tasks {
        return;
    }
    let r = rows_at(task);
    let s = all_rounds(r);
    let at = uniforms.first_row + r.first;
    whole_statistics[at] = s.first;
    if r.count > 1u {
        whole_statistics[at + 1u] = s.second;
    }
    if r.count > 2u {
        whole_statistics[at + 2u] = s.third;
    }
    if r.count > 3u {
        whole_statistics[at + 3u] = s.fourth;
    }
}

fn statistics_of(r: Rows) -> Four {
    let first = uniforms.first_row + r.first;
    let last = first + r.count - 1u;
    return Four(statistics[first], statistics[min(first + 1u, last)], statistics[min(first + 2u, last)], statistics[last]);
}

// A task is a chunk of a block of rows.
fn partial_task(task: u32, round: u32) {
    let blocks = uniforms.tasks / uniforms.chunks;
    let r = rows_at(task % blocks);
    let chunk = uniforms.first_chunk + task / blocks;
    let begin = chunk * uniforms.chunk;
    var s = identities();
    let first = uniforms.first_row + r.first;
    if round > 0u {
        s = statistics_of(r);
    }
    s = gathered(r, begin, min(begin + uniforms.chunk, uniforms.end), s, round);
    let at = first * uniforms.all_chunks + chunk;
    partials[at] = s.first;
    if r.count > 1u {
        partials[at + uniforms.all_chunks] = s.second;
    }
    if r.count > 2u {
        partials[at + 2u * uniforms.all_chunks] = s.third;
    }
    if r.count > 3u {
        partials[at + 3u * uniforms.all_chunks] = s.fourth;
    }
}

@compute @workgroup_size(WORKGROUP)
fn partial(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let task = tasks_of(workgroup, invocation).first;
    if task < uniforms.tasks {
        partial_task(task, 0u);
    }
}

@compute @workgroup_size(WORKGROUP)
fn partial_again(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let task = tasks_of(workgroup, invocation).first;
    if task < uniforms.tasks {
        partial_task(task, 1u);
    }
}
