// All blocks of a row, in loops.

fn loaded_blocks(team: Team, row: u32, s: Statistics, held: ptr<function, Held>) -> Statistics {
    var t = s;
    for (var block = 0u; block < BLOCKS; block++) {
        t = loaded_block(team, row, block, t, held);
    }
    return t;
}

fn gathered_blocks(team: Team, row: u32, previous: Statistics, s: Statistics, held: ptr<function, Held>) -> Statistics {
    var t = s;
    for (var block = 0u; block < BLOCKS; block++) {
        t = gathered_block(team, row, block, previous, t, held);
    }
    return t;
}

fn write_blocks(team: Team, row: u32, s: Statistics, held: ptr<function, Held>) {
    for (var block = 0u; block < BLOCKS; block++) {
        write_block(team, row, block, s, held);
    }
}
