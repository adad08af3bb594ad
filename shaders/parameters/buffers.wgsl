// Parameters that differ: one value for all, for each channel of an axis, or for each element. A division finds the
// channel of an invocation's first element. The `channel_of_` part tells how the others follow.

struct Location {
    element: u32,
    channel: u32,
    within: u32,
}

fn location_of(element: u32) -> Location {
    let position = i32(uniforms.first_within + element);
    let length = i32(uniforms.channel_length);
    let turns = quotient(position, length);
    let channel = i32(uniforms.first_channel) + turns;
    let channels = i32(uniforms.channels);
    return Location(element, u32(channel - quotient(channel, channels) * channels), u32(position - turns * length));
}
