// Statistics from another lane of the subgroup.

fn shuffled(s: Statistics, distance: u32, round: u32) -> Statistics {
    return Statistics(subgroupShuffleXor(s.sum, distance));
}
