// The next element may have the next channel.

fn next(location: Location) -> Location {
    let over = location.within + 1u == uniforms.channel_length;
    let channel = location.channel + u32(over);
    return Location(location.element + 1u, select(channel, 0u, channel == uniforms.channels), select(location.within + 1u, 0u, over));
}
