// Statistics from another lane of the subgroup.

fn shuffled(s: Statistics, distance: u32, round: u32) -> Statistics {
    var t = s;
    t.peak = subgroupShuffleXor(s.peak, distance);
    t.position = subgroupShuffleXor(s.position, distance);
    t.magnitude = subgroupShuffleXor(s.magnitude, distance);
    t.reach = subgroupShuffleXor(s.reach, distance);
    t.sum = subgroupShuffleXor(s.sum, distance);
    t.dot = subgroupShuffleXor(s.dot, distance);
    return t;
}
