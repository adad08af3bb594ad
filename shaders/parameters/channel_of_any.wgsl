// The next element may be the next channel's.

fn next(site: Site) -> Site {
    let over = site.within + 1u == call.channel_length;
    let channel = site.channel + u32(over);
    return Site(site.element + 1u, select(channel, 0u, channel == call.channels), select(site.within + 1u, 0u, over));
}
