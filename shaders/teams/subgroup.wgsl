// One subgroup for each task, whatever its size. How many subgroups a workgroup has is only known here, so each
// workgroup has a fixed number of tasks, which its subgroups share.

const WORKGROUP: u32 = 64u;
const TASKS: u32 = 16u;

struct Place {
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) size: u32,
}

fn team_at(place: Place) -> Team {
    let first = (place.workgroup.x + place.workgroup.y * place.workgroups.x) * TASKS;
    return Team(place.lane, place.size, first + place.subgroup, first + TASKS, place.subgroups);
}

// A butterfly, so that every lane has the result.
fn together(team: Team, s: Statistics) -> Statistics {
    var all = s;
    for (var distance = 1u; distance < team.size; distance *= 2u) {
        all = merge(all, shuffled(all, distance));
    }
    return all;
}
