// Four results from the statistics of their rows.

fn weights_of(e: Entries, s: Four) -> vec4<f32> {
    return vec4<f32>(
        weight(first_of(e), s.first), weight(second_of(e), s.second), weight(third_of(e), s.third), weight(fourth_of(e), s.fourth),
    );
}

fn values_of(e: Entries, weights: vec4<f32>, s: Four) -> vec4<f32> {
    return vec4<f32>(
        value(first_of(e), weights.x, s.first),
        value(second_of(e), weights.y, s.second),
        value(third_of(e), weights.z, s.third),
        value(fourth_of(e), weights.w, s.fourth),
    );
}
