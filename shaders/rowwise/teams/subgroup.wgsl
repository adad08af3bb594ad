// As many lanes of a subgroup for each task as it can use, whatever the subgroup's size. How many subgroups a workgroup
// has is only known here, so each workgroup has a fixed number of TASKS, which they share.

const WORKGROUP: u32 = 64u;

struct Place {
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) size: u32,
}

// A subgroup may be larger than the workgroup.
fn size_of(place: Place) -> u32 {
    return min(place.size, WORKGROUP);
}

fn team_at(place: Place) -> Team {
    let width = min(call.width, size_of(place));
    return Team(place.lane % width, width);
}

fn tasks_of(group: Group, place: Place) -> Tasks {
    let first = (group.id.x + group.id.y * group.workgroups.x) * TASKS;
    let width = min(call.width, size_of(place));
    let teams = size_of(place) / width;
    return Tasks(first + place.subgroup * teams + place.lane / width, first + TASKS, place.subgroups * teams);
}

// A butterfly, so that every lane has the result.
fn together(team: Team, s: Statistics, round: u32) -> Statistics {
    var all = s;
    for (var distance = 1u; distance < team.size; distance *= 2u) {
        all = merge(all, shuffled(all, distance, round), round);
    }
    return all;
}

fn together_settled(team: Team, s: Statistics, round: u32) -> Statistics {
    return settle(together(team, s, round), round);
}
