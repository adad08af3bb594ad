// One workgroup of WORKGROUP invocations for each task. Its subgroups, SUBGROUPS or fewer if each has all its lanes, merge
// what their own lanes gathered before they meet.

struct Invocation {
    @builtin(local_invocation_index) lane: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) subgroup_lane: u32,
    @builtin(subgroup_size) subgroup_size: u32,
}

var<private> own: Invocation;
var<workgroup> pool: array<Statistics, WORKGROUP>;

fn team_at(invocation: Invocation) -> Team {
    own = invocation;
    return Team(invocation.lane, WORKGROUP);
}

fn tasks_of(workgroup: Workgroup, invocation: Invocation) -> Tasks {
    let task = workgroup.id.x + workgroup.id.y * workgroup.count.x;
    return Tasks(task, task + 1u, 1u);
}

// Leaves the merged statistics of all lanes in `pool[0]`.
fn merge_all(s: Statistics, round: u32) {
    var all = s;
    for (var distance = 1u; distance < min(own.subgroup_size, WORKGROUP); distance *= 2u) {
        all = merge(all, shuffled(all, distance, round), round);
    }
    if own.subgroup_lane == 0u {
        pool[own.subgroup] = all;
    }
    workgroupBarrier();
    // Whoever has a place among the first takes in those beyond them.
    if own.lane < SUBGROUPS {
        for (var other = own.lane + SUBGROUPS; other < own.subgroups; other += SUBGROUPS) {
            pool[own.lane] = merge(pool[own.lane], pool[other], round);
        }
    }
    for (var half = SUBGROUPS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if own.lane < half && own.lane + half < own.subgroups {
            pool[own.lane] = merge(pool[own.lane], pool[own.lane + half], round);
        }
    }
}

// The load has a barrier before and after, so the pool can be reused.
fn together(team: Team, s: Statistics, round: u32) -> Statistics {
    merge_all(s, round);
    return workgroupUniformLoad(&pool[0]);
}

// One lane finalizes, so that WGSL sees one result for all lanes, and they leave the loop of rounds together.
fn together_finalized(team: Team, s: Statistics, round: u32) -> Statistics {
    merge_all(s, round);
    if own.lane == 0u {
        pool[0] = finalize(pool[0], round);
    }
    return workgroupUniformLoad(&pool[0]);
}
