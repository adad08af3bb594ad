// The statistics of another lane of the subgroup.

fn shuffled(s: Statistics, distance: u32) -> Statistics {
    return Statistics(
        subgroupShuffleXor(s.peak, distance),
        subgroupShuffleXor(s.peak_low, distance),
        subgroupShuffleXor(s.position, distance),
        subgroupShuffleXor(s.flags, distance),
        subgroupShuffleXor(s.sum, distance),
        subgroupShuffleXor(s.dot, distance),
        subgroupShuffleXor(s.threshold, distance),
    );
}
