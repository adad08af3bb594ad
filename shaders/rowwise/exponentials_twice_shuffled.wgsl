// Statistics from another lane of the subgroup.

fn shuffled(s: Statistics, distance: u32, round: u32) -> Statistics {
    var t = s;
    if round == 0u {
        t.magnitude = subgroupShuffleXor(s.magnitude, distance);
        t.reach = subgroupShuffleXor(s.reach, distance);
        t.tangent_reach = subgroupShuffleXor(s.tangent_reach, distance);
        t.peak = subgroupShuffleXor(s.peak, distance);
    } else {
        t.sum = subgroupShuffleXor(s.sum, distance);
        t.dot = subgroupShuffleXor(s.dot, distance);
        t.tangent = subgroupShuffleXor(s.tangent, distance);
        t.cross = subgroupShuffleXor(s.cross, distance);
    }
    return t;
}
