// Each task takes as many lanes of a subgroup as it can use, for any subgroup size. The number of subgroups in a
// workgroup is known only here. So each workgroup has a fixed number of TASKS, which its subgroups share.

const WORKGROUP: u32 = 64u;

struct Invocation {
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) size: u32,
}

// A subgroup may be larger than the workgroup.
fn size_of(invocation: Invocation) -> u32 {
    return min(invocation.size, WORKGROUP);
}

fn team_at(invocation: Invocation) -> Team {
    let width = min(uniforms.width, size_of(invocation));
    return Team(invocation.lane % width, width);
}

fn tasks_of(workgroup: Workgroup, invocation: Invocation) -> Tasks {
    let first = (workgroup.id.x + workgroup.id.y * workgroup.count.x) * TASKS;
    let width = min(uniforms.width, size_of(invocation));
    let teams = size_of(invocation) / width;
    return Tasks(first + invocation.subgroup * teams + invocation.lane / width, first + TASKS, invocation.subgroups * teams);
}

// Merges as a butterfly, so that every lane has the result.
fn together(team: Team, s: Statistics, round: u32) -> Statistics {
    var all = s;
    for (var distance = 1u; distance < team.size; distance *= 2u) {
        all = merge(all, shuffled(all, distance, round), round);
    }
    return all;
}

fn together_finalized(team: Team, s: Statistics, round: u32) -> Statistics {
    return finalize(together(team, s, round), round);
}
