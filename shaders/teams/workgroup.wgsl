// One workgroup for each task.

const WORKGROUP: u32 = 128u;

struct Place {
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
}

var<workgroup> pool: array<Statistics, WORKGROUP>;

fn team_at(place: Place) -> Team {
    let task = place.workgroup.x + place.workgroup.y * place.workgroups.x;
    return Team(place.lane, WORKGROUP, task, task + 1u, 1u);
}

fn together(team: Team, s: Statistics, round: u32) -> Statistics {
    pool[team.lane] = s;
    workgroupBarrier();
    for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
        if team.lane < half {
            pool[team.lane] = merge(pool[team.lane], pool[team.lane + half], round);
        }
        workgroupBarrier();
    }
    // A barrier before and after, so that the pool may be used again.
    return workgroupUniformLoad(&pool[0]);
}
