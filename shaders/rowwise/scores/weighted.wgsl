// The weight of an entry by its score.

// The score of an entry. An entry that is left out counts as -infinity.
fn counted(e: Entry) -> vec2<f32> {
    return select(vec2<f32>(negative_infinity(), 0.0), score(e.x, e.element), e.kept);
}

// Weights are scaled by 2^24, so that a share below the normal floats still counts where a large gradient multiplies
// it.
const WEIGHT_OF_ONE: f32 = 16777216.0;

fn weight(e: Entry, s: Statistics) -> f32 {
    return raised(distance_to(s, counted(e)));
}
