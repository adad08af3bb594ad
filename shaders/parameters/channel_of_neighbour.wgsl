// Each element has the channel after its neighbour's, and a vector does not pass the last channel.

fn next(location: Location) -> Location {
    return Location(location.element + 1u, location.channel + 1u, 0u);
}
