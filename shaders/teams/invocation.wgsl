// One invocation for each task.

const WORKGROUP: u32 = 64u;

struct Place {
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
}

fn team_at(place: Place) -> Team {
    let task = place.id.x + place.id.y * place.workgroups.x * WORKGROUP;
    return Team(0u, 1u, task, task + 1u, 1u);
}

fn together(team: Team, s: Statistics, round: u32) -> Statistics {
    return s;
}
