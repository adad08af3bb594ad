// Statistics from another lane of the subgroup.

fn shuffled(s: Statistics, distance: u32, round: u32) -> Statistics {
    var t = s;
    if round == 0u {
        t.magnitude = subgroupShuffleXor(s.magnitude, distance);
    }
    if round == 0u && DIRECTION != FORWARD {
        t.reach = subgroupShuffleXor(s.reach, distance);
    }
    if round == 0u && DIRECTION != FROM_OUTPUT {
        t.peak = subgroupShuffleXor(s.peak, distance);
    }
    if round == 0u && PLACED {
        t.peak_low = subgroupShuffleXor(s.peak_low, distance);
    }
    if round == 0u && (PLACED || COUNTED) {
        t.position = subgroupShuffleXor(s.position, distance);
    }
    if (round > 0u) != (DIRECTION == FROM_OUTPUT) {
        t.sum = subgroupShuffleXor(s.sum, distance);
    }
    if round > 0u && DIRECTION != FORWARD {
        t.dot = subgroupShuffleXor(s.dot, distance);
    }
    if round > 0u && SINK {
        t.threshold.x = subgroupShuffleXor(s.threshold.x, distance);
    }
    return t;
}
