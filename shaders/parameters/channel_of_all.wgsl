// All elements of a vector are of one channel.

fn next(site: Site) -> Site {
    return Site(site.element + 1u, site.channel, site.within);
}
