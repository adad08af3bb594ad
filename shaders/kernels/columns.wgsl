// Rows along another axis than the last. An invocation has four rows side by side, and reads tiles of four positions
// of them. `state` takes the statistics of all of a row,
// `gather` those of one chunk in one round.

@group(0) @binding(5) var<storage, read_write> partials: array<Statistics>;
@group(0) @binding(6) var<storage, read> states: array<Statistics>;
@group(0) @binding(7) var<storage, read_write> finished: array<Statistics>;

struct Tile {
    x: array<vec4<f32>, 4>,
    dy: array<vec4<f32>, 4>,
}

// The side-by-side rows that an invocation has, and where they lie.
struct Rows {
    first: u32,
    outer: u32,
    inner: u32,
    count: u32,
}

fn blocks_across() -> u32 {
    return (call.inner + 3u) / 4u;
}

fn rows_at(block: u32) -> Rows {
    let outer = block / blocks_across();
    let inner = 4u * (block % blocks_across());
    return Rows(outer * call.inner + inner, outer, inner, min(call.inner - inner, 4u));
}

fn index_at(r: Rows, position: u32) -> u32 {
    return (r.outer * call.length + position - call.begin) * call.inner + r.inner;
}

// Beyond the end the last position again. Without a loop, whose turns are scarce on some adapters.
fn tile_at(r: Rows, position: u32, end: u32) -> Tile {
    let last = end - 1u;
    let rows = r.first + COUNT;
    let first = call.first + index_at(r, position);
    let second = call.first + index_at(r, min(position + 1u, last));
    let third = call.first + index_at(r, min(position + 2u, last));
    let fourth = call.first + index_at(r, min(position + 3u, last));
    return Tile(
        array<vec4<f32>, 4>(load_x(first, r.count), load_x(second, r.count), load_x(third, r.count), load_x(fourth, r.count)),
        array<vec4<f32>, 4>(
            gradients(first, r.count, rows),
            gradients(second, r.count, rows),
            gradients(third, r.count, rows),
            gradients(fourth, r.count, rows),
        ),
    );
}

fn block_of(r: Rows, tile: Tile, position: u32, end: u32, column: u32) -> Block {
    let count = select(0u, min(end - position, 4u), column < r.count);
    let index = index_at(r, position) + column;
    let step = call.inner;
    let kept = vec4<bool>(
        count > 0u && mask_at(index),
        count > 1u && mask_at(index + step),
        count > 2u && mask_at(index + 2u * step),
        count > 3u && mask_at(index + 3u * step),
    );
    let number = (r.outer * call.length + position) * call.inner + r.inner + column;
    return Block(
        vec4<f32>(tile.x[0][column], tile.x[1][column], tile.x[2][column], tile.x[3][column]),
        vec4<f32>(tile.dy[0][column], tile.dy[1][column], tile.dy[2][column], tile.dy[3][column]),
        kept,
        position + COUNT,
        call.first_element + number + COUNT * step,
        call.first_row + r.first + column,
    );
}

fn gathered(r: Rows, begin: u32, end: u32, states: array<Statistics, 4>, round: u32) -> array<Statistics, 4> {
    var s = array<Statistics, 4>(start(states[0], round), start(states[1], round), start(states[2], round), start(states[3], round));
    for (var position = begin; position < end; position += 4u) {
        let tile = tile_at(r, position, end);
        s[0] = include_block(s[0], block_of(r, tile, position, end, 0u), round);
        s[1] = include_block(s[1], block_of(r, tile, position, end, 1u), round);
        s[2] = include_block(s[2], block_of(r, tile, position, end, 2u), round);
        s[3] = include_block(s[3], block_of(r, tile, position, end, 3u), round);
    }
    return s;
}

fn all_rounds(r: Rows) -> array<Statistics, 4> {
    var s = array<Statistics, 4>(nothing(), nothing(), nothing(), nothing());
    for (var round = 0u; round < ROUNDS; round++) {
        let previous = s;
        s = gathered(r, 0u, call.length, previous, round);
        var over = true;
        for (var column = 0u; column < 4u; column++) {
            s[column] = settle(s[column], round);
            over = over && is_over(previous[column], s[column]);
        }
        if over {
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
    for (var column = 0u; column < r.count; column++) {
        finished[call.first_row + r.first + column] = s[column];
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
    var s = array<Statistics, 4>(nothing(), nothing(), nothing(), nothing());
    if call.round > 0u {
        for (var column = 0u; column < r.count; column++) {
            s[column] = states[call.first_row + r.first + column];
        }
    }
    s = gathered(r, begin, min(begin + call.chunk, call.end), s, call.round);
    for (var column = 0u; column < r.count; column++) {
        partials[(call.first_row + r.first + column) * call.all_chunks + chunk] = s[column];
    }
}
