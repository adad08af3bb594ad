// Rows along another axis than the last. An invocation has four rows side by side and goes along them together. `state`
// takes the statistics of all of a row, `gather` those of one chunk in one round.

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

struct Four {
    first: Statistics,
    second: Statistics,
    third: Statistics,
    fourth: Statistics,
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

// The entries of four rows at one position.
struct Line {
    x: vec4<f32>,
    dy: vec4<f32>,
    kept: vec4<bool>,
    position: u32,
    number: u32,
    row: u32,
}

fn line_at(r: Rows, position: u32) -> Line {
    let index = index_at(r, position);
    let kept = vec4<bool>(
        mask_at(index), r.count > 1u && mask_at(index + 1u), r.count > 2u && mask_at(index + 2u), r.count > 3u && mask_at(index + 3u),
    );
    let x = load_x(call.first + index, r.count);
    let dy = gradients(call.first + index, r.count, r.first + vec4<u32>(0u, 1u, 2u, 3u));
    let number = call.first_element + (r.outer * call.length + position) * call.inner + r.inner;
    return Line(x, dy, kept, position, number, call.first_row + r.first);
}

fn first_of(l: Line) -> Entry {
    return Entry(l.x.x, l.dy.x, l.kept.x, l.position, l.number, l.row);
}

fn second_of(l: Line) -> Entry {
    return Entry(l.x.y, l.dy.y, l.kept.y, l.position, l.number + 1u, l.row + 1u);
}

fn third_of(l: Line) -> Entry {
    return Entry(l.x.z, l.dy.z, l.kept.z, l.position, l.number + 2u, l.row + 2u);
}

fn fourth_of(l: Line) -> Entry {
    return Entry(l.x.w, l.dy.w, l.kept.w, l.position, l.number + 3u, l.row + 3u);
}

fn gathered(r: Rows, begin: u32, end: u32, s: Four, round: u32) -> Four {
    var t = Four(start(s.first, round), start(s.second, round), start(s.third, round), start(s.fourth, round));
    for (var position = begin; position < end; position++) {
        let line = line_at(r, position);
        t.first = include(t.first, first_of(line), round);
        t.second = include(t.second, second_of(line), round);
        t.third = include(t.third, third_of(line), round);
        t.fourth = include(t.fourth, fourth_of(line), round);
    }
    return t;
}

fn all_rounds(r: Rows) -> Four {
    var s = Four(nothing(), nothing(), nothing(), nothing());
    for (var round = 0u; round < ROUNDS; round++) {
        let previous = s;
        s = gathered(r, 0u, call.length, previous, round);
        s = Four(settle(s.first, round), settle(s.second, round), settle(s.third, round), settle(s.fourth, round));
        let half_over = is_over(previous.first, s.first) && is_over(previous.second, s.second);
        if half_over && is_over(previous.third, s.third) && is_over(previous.fourth, s.fourth) {
            break;
        }
    }
    return s;
}

@compute @workgroup_size(WORKGROUP)
fn state(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    if team.task >= call.tasks {
        return;
    }
    let r = rows_at(team.task);
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

@compute @workgroup_size(WORKGROUP)
fn gather(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    if team.task >= call.tasks {
        return;
    }
    let blocks = call.tasks / call.chunks;
    let r = rows_at(team.task % blocks);
    let chunk = call.first_chunk + team.task / blocks;
    let begin = chunk * call.chunk;
    var s = Four(nothing(), nothing(), nothing(), nothing());
    let first = call.first_row + r.first;
    if call.round > 0u {
        let last = first + r.count - 1u;
        s = Four(states[first], states[min(first + 1u, last)], states[min(first + 2u, last)], states[last]);
    }
    s = gathered(r, begin, min(begin + call.chunk, call.end), s, call.round);
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
