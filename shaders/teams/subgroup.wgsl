// As many lanes of a subgroup for each task as it can use, whatever the subgroup's size. How many subgroups a workgroup
// has is only known here, so each workgroup has a fixed number of TASKS, which they share.

const WORKGROUP: u32 = 64u;

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
    // A subgroup may be larger than the workgroup.
    let size = min(place.size, WORKGROUP);
    let width = min(call.width, size);
    let teams = size / width;
    let task = first + place.subgroup * teams + place.lane / width;
    return Team(place.lane % width, width, task, first + TASKS, place.subgroups * teams);
}

// A butterfly, so that every lane has the result.
fn together(team: Team, s: Statistics, round: u32) -> Statistics {
    var all = s;
    for (var distance = 1u; distance < team.size; distance *= 2u) {
        all = merge(all, shuffled(all, distance, round), round);
    }
    return all;
}
