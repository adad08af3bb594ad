// Each element is of the channel after its neighbour's, and a vector does not go beyond the last channel.

fn next(site: Site) -> Site {
    return Site(site.element + 1u, site.channel + 1u, 0u);
}
