// A whole row in the registers of its team, `BLOCKS` fours of entries a lane: read once, written once. If the row is
// FULL, it has as many entries as there is room for.

struct Held {
    x: array<vec4<f32>, BLOCKS>,
    dy: array<vec4<f32>, BLOCKS>,
}

fn position_of(team: Team, block: u32) -> u32 {
    return 4u * (team.lane + block * team.size);
}

// Whether no lane has entries of a block. A team may be larger than the one that BLOCKS was computed for.
fn is_beyond(team: Team, block: u32) -> bool {
    return LARGER_TEAMS && 4u * block * team.size >= uniforms.length;
}

fn held_at(row: u32, position: u32, x: vec4<f32>, dy: vec4<f32>) -> Entries {
    let is_there = FULL || position < uniforms.length;
    // Positions beyond the end use the row's beginning, so that no mask is read outside.
    let at = select(0u, position, is_there);
    let kept = select(vec4<bool>(false), kept_at(index_at(row, at), uniforms.length - at), vec4<bool>(is_there));
    let number = uniforms.first_element + row * uniforms.length + position + COUNT;
    return Entries(x, dy, vec4<f32>(0.0), kept, position + COUNT, number, vec4<u32>(uniforms.first_row + row));
}

// Loads a block, and gathers its entries in the first round.
fn loaded_block(team: Team, row: u32, block: u32, s: Statistics, held: ptr<function, Held>) -> Statistics {
    if is_beyond(team, block) {
        return s;
    }
    let position = position_of(team, block);
    // Lanes beyond the end read the row's beginning, which they do not count.
    let at = select(0u, position, FULL || position < uniforms.length);
    let count = min(uniforms.length - at, 4u);
    let x = load_x(uniforms.first + index_at(row, at), count);
    let dy = gradients(uniforms.first + index_at(row, at), count, vec4<u32>(row));
    (*held).x[block] = x;
    (*held).dy[block] = dy;
    return accumulate_all(s, held_at(row, position, x, dy), 0u);
}

// Gathers a block's entries in a later round, and leaves their weights in place of x where results need them.
fn gathered_block(
    team: Team, row: u32, block: u32, previous: Statistics, s: Statistics, held: ptr<function, Held>,
) -> Statistics {
    if is_beyond(team, block) {
        return s;
    }
    let e = held_at(row, position_of(team, block), (*held).x[block], (*held).dy[block]);
    if WEIGHTED {
        (*held).x[block] = weights_of(e, Four(previous, previous, previous, previous));
    }
    return accumulate_all(s, e, 1u);
}

fn write_block(team: Team, row: u32, block: u32, s: Statistics, held: ptr<function, Held>) {
    let position = position_of(team, block);
    if FULL || position < uniforms.length {
        let e = held_at(row, position, (*held).x[block], (*held).dy[block]);
        let four = Four(s, s, s, s);
        var weights = (*held).x[block];
        if !WEIGHTED {
            weights = weights_of(e, four);
        }
        let count = min(uniforms.length - position, 4u);
        store(uniforms.first + index_at(row, position), values_of(e, weights, four), 0u, count);
    }
}

fn all_held_rounds(team: Team, row: u32, held: ptr<function, Held>) -> Statistics {
    var s = together_finalized(team, loaded_blocks(team, row, start(identity(), 0u), held), 0u);
    for (var round = 1u; round < ROUNDS; round++) {
        let previous = s;
        s = together_finalized(team, gathered_blocks(team, row, previous, start(previous, 1u), held), 1u);
        if is_over(previous, s) {
            break;
        }
    }
    return s;
}

@compute @workgroup_size(WORKGROUP)
fn fused(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let team = team_at(invocation);
    let tasks = tasks_of(workgroup, invocation);
    for (var row = tasks.first; row < min(tasks.end, uniforms.rows); row += tasks.step) {
        var held: Held;
        let s = all_held_rounds(team, row, &held);
        write_blocks(team, row, s, &held);
    }
}

@compute @workgroup_size(WORKGROUP)
fn whole_held(workgroup: Workgroup, invocation: Invocation) {
    zero = workgroup.count.z - 1u;
    let team = team_at(invocation);
    let tasks = tasks_of(workgroup, invocation);
    for (var row = tasks.first; row < min(tasks.end, uniforms.rows); row += tasks.step) {
        var held: Held;
        let s = all_held_rounds(team, row, &held);
        if team.lane == 0u {
            whole_statistics[uniforms.first_row + row] = s;
        }
    }
}
