/// Returns a name in lower case without `_` and `-`, as lookups compare it.
pub(crate) fn normalized(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// Returns up to three functions with the most similar names: few changes, and a common beginning. `known` gives pairs of a
/// name and its function.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<&'static str> {
    let wanted = normalized(name);
    let unlike = |known: &str| {
        let known = normalized(known);
        let common = known.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
        strsim::damerau_levenshtein(&known, &wanted) as isize - common as isize
    };
    let mut all: Vec<_> = known.map(|(known, function)| (unlike(known), function)).collect();
    all.sort_by_key(|&(unlike, _)| unlike);
    let mut nearest = Vec::new();
    for (_, function) in all {
        if nearest.len() < 3 && !nearest.contains(&function) {
            nearest.push(function);
        }
    }
    nearest
}
