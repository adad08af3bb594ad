// Rows whose elements lie in succession, four of them at a time. `state` takes the statistics of
// all of a row, `gather` those of one chunk in one round.

@group(0) @binding(5) var<storage, read_write> partials: array<Statistics>;
@group(0) @binding(6) var<storage, read> states: array<Statistics>;
@group(0) @binding(7) var<storage, read_write> finished: array<Statistics>;

const COUNT: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);

struct Block {
    x: vec4<f32>,
    dy: vec4<f32>,
    kept: vec4<bool>,
    position: vec4<u32>,
    number: vec4<u32>,
    row: u32,
}

fn include_block(s: Statistics, b: Block, round: u32) -> Statistics {
    var t = include(s, Entry(b.x.x, b.dy.x, b.kept.x, b.position.x, b.number.x, b.row), round);
    t = include(t, Entry(b.x.y, b.dy.y, b.kept.y, b.position.y, b.number.y, b.row), round);
    t = include(t, Entry(b.x.z, b.dy.z, b.kept.z, b.position.z, b.number.z, b.row), round);
    return include(t, Entry(b.x.w, b.dy.w, b.kept.w, b.position.w, b.number.w, b.row), round);
}

fn block_at(row: u32, position: u32, end: u32) -> Block {
    let count = min(end - position, 4u);
    let index = row * call.length + position - call.begin;
    let kept = vec4<bool>(mask_at(index), count > 1u && mask_at(index + 1u), count > 2u && mask_at(index + 2u), count > 3u && mask_at(index + 3u));
    let x = load_x(call.first + index, count);
    let dy = gradients(call.first + index, count, vec4<u32>(row));
    return Block(x, dy, kept, position + COUNT, call.first_element + row * call.length + position + COUNT, call.first_row + row);
}

// Every lane begins with nothing but what the row's state carries, so that merging counts nothing twice.
fn gathered(team: Team, row: u32, begin: u32, end: u32, state: Statistics, round: u32) -> Statistics {
    var s = start(state, round);
    for (var position = begin + 4u * team.lane; position < end; position += 4u * team.size) {
        s = include_block(s, block_at(row, position, end), round);
    }
    return together(team, s);
}

fn all_rounds(team: Team, row: u32) -> Statistics {
    var s = nothing();
    for (var round = 0u; round < ROUNDS; round++) {
        let previous = s;
        s = settle(gathered(team, row, 0u, call.length, previous, round), round);
        if is_over(previous, s) {
            break;
        }
    }
    return s;
}

@compute @workgroup_size(WORKGROUP)
fn state(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    for (var row = team.task; row < min(team.end, call.rows); row += team.step) {
        let s = all_rounds(team, row);
        if team.lane == 0u {
            finished[call.first_row + row] = s;
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn gather(place: Place) {
    zero = place.workgroups.z - 1u;
    let team = team_at(place);
    for (var task = team.task; task < min(team.end, call.tasks); task += team.step) {
        let row = task / call.chunks;
        let chunk = call.first_chunk + task % call.chunks;
        let begin = chunk * call.chunk;
        var state = nothing();
        if call.round > 0u {
            state = states[call.first_row + row];
        }
        let s = gathered(team, row, begin, min(begin + call.chunk, call.end), state, call.round);
        if team.lane == 0u {
            partials[(call.first_row + row) * call.all_chunks + chunk] = s;
        }
    }
}
