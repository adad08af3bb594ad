// Parameters that differ: one value for all, for each channel of an axis, or for each element. A division finds the
// channel of an invocation's first element. The `channel_of_` part tells how the others follow.

struct Location {
    element: u32,
    channel: u32,
    within: u32,
}

// n / d for n < 2^31. Integer division is slow, and CPUs divide one lane at a time. The first quotient is off by 2^-20
// of itself; that of the remainder by less than 1.
fn quotient(n: i32, d: i32) -> i32 {
    let inverse = 1.0 / f32(d);
    let rough = i32(f32(n) * inverse);
    let near = rough + i32(floor(f32(n - rough * d) * inverse));
    let left = n - near * d;
    return near + i32(left >= d) - i32(left < 0);
}

fn location_of(element: u32) -> Location {
    let position = i32(uniforms.first_within + element);
    let length = i32(uniforms.channel_length);
    let turns = quotient(position, length);
    let channel = i32(uniforms.first_channel) + turns;
    let channels = i32(uniforms.channels);
    return Location(element, u32(channel - quotient(channel, channels) * channels), u32(position - turns * length));
}
