// All elements of a vector have one channel.

fn next(location: Location) -> Location {
    return Location(location.element + 1u, location.channel, location.within);
}
