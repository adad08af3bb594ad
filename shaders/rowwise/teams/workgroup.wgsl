// One workgroup of WORKGROUP invocations for each task.

struct Invocation {
    @builtin(local_invocation_index) lane: u32,
}

var<workgroup> pool: array<Statistics, WORKGROUP>;

fn team_at(invocation: Invocation) -> Team {
    return Team(invocation.lane, WORKGROUP);
}

fn tasks_of(workgroup: Workgroup, invocation: Invocation) -> Tasks {
    let task = workgroup.id.x + workgroup.id.y * workgroup.count.x;
    return Tasks(task, task + 1u, 1u);
}

// Leaves the merged statistics of all lanes in `pool[0]`.
fn merge_all(team: Team, s: Statistics, round: u32) {
    pool[team.lane] = s;
    workgroupBarrier();
    for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
        if team.lane < half {
            pool[team.lane] = merge(pool[team.lane], pool[team.lane + half], round);
        }
        workgroupBarrier();
    }
}

// The load has a barrier before and after, so the pool can be reused.
fn together(team: Team, s: Statistics, round: u32) -> Statistics {
    merge_all(team, s, round);
    return workgroupUniformLoad(&pool[0]);
}

// One lane finalizes, so that WGSL sees one result for all lanes, and they leave the loop of rounds together.
fn together_finalized(team: Team, s: Statistics, round: u32) -> Statistics {
    merge_all(team, s, round);
    if team.lane == 0u {
        pool[0] = finalize(pool[0], round);
    }
    return workgroupUniformLoad(&pool[0]);
}
