// One result for each element from the statistics of its row, in the order of memory. `call.begin` is the place within
// the rows of the first element.

@group(0) @binding(6) var<storage, read> states: array<Statistics>;

// Where an element is along and beside the axis.
struct Site {
    outer: u32,
    position: u32,
    inner: u32,
}

// Divisions are dear on a CPU, which has none for vectors, so only the first of four elements is divided.
fn site_of(element: u32) -> Site {
    let line = element / call.inner;
    let outer = line / call.length;
    return Site(outer, line - outer * call.length, element - line * call.inner);
}

fn next_if(moves: bool, site: Site) -> Site {
    if !moves {
        return site;
    }
    let inner = site.inner + 1u;
    let position = site.position + u32(inner == call.inner);
    let is_over = position == call.length;
    return Site(site.outer + u32(is_over), select(position, 0u, is_over), select(inner, 0u, inner == call.inner));
}

fn row_of(site: Site) -> u32 {
    return site.outer * call.inner + site.inner;
}

@compute @workgroup_size(64)
fn apply(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = 4u * (call.first / 4u + id.x + id.y * workgroups.x * 64u);
    let end = call.first + call.elements;
    if group >= end {
        return;
    }
    let skip = call.first - min(call.first, group);
    let count = min(end - group, 4u);
    // Elements that are none of the range share the place of one that is.
    let first = call.begin + max(group, call.first) - call.first;
    let a = site_of(first);
    let b = next_if(skip < 1u && count > 1u, a);
    let c = next_if(skip < 2u && count > 2u, b);
    let d = next_if(skip < 3u && count > 3u, c);
    let row = vec4<u32>(row_of(a), row_of(b), row_of(c), row_of(d));
    let kept = kept_at(first - call.begin, count - skip);
    let e = Entries(
        load_x(group, count),
        gradients(group, count, row),
        vec4<bool>(kept[0], kept[1u - min(skip, 1u)], kept[2u - min(skip, 2u)], kept[3u - min(skip, 3u)]),
        vec4<u32>(a.position, b.position, c.position, d.position),
        call.first_element + first + COUNT - skip,
        row,
    );
    let four = Four(states[row.x], states[row.y], states[row.z], states[row.w]);
    store(group, values_of(e, weights_of(e, four), four), skip, count);
}
