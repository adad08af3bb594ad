// Parameters that differ: one value for all, for each channel of an axis, or for each element. One division finds the
// channel of an invocation's first element; the others follow by counting.

struct Site {
    element: u32,
    channel: u32,
    within: u32,
}

fn site_of(element: u32) -> Site {
    let place = call.first_within + element;
    let channel = call.first_channel + place / call.channel_length;
    return Site(element, channel % call.channels, place % call.channel_length);
}

fn next(site: Site) -> Site {
    let over = site.within + 1u == call.channel_length;
    let channel = site.channel + u32(over);
    return Site(site.element + 1u, select(channel, 0u, channel == call.channels), select(site.within + 1u, 0u, over));
}
