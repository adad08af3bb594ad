// Each element is of the channel after its neighbour's, and a vector does not go beyond the last channel.

fn next(location: Location) -> Location {
    return Location(location.element + 1u, location.channel + 1u, 0u);
}
