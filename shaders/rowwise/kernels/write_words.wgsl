// One result for each element, from the statistics of its row, in the order of memory. `uniforms.begin` is the index of
// the first element within the rows.

@group(0) @binding(6) var<storage, read> statistics: array<Statistics>;

// The location of an element: its position along the axis, and its indices before and after the axis.
struct Location {
    outer: u32,
    position: u32,
    inner: u32,
}

// Division is slow on CPUs, which divide one lane at a time. So only the first of four elements is divided.
fn location_of(element: u32) -> Location {
    let line = element / uniforms.inner;
    let outer = line / uniforms.length;
    return Location(outer, line - outer * uniforms.length, element - line * uniforms.inner);
}

fn next_if(moves: bool, location: Location) -> Location {
    if !moves {
        return location;
    }
    let inner = location.inner + 1u;
    let position = location.position + u32(inner == uniforms.inner);
    let is_over = position == uniforms.length;
    return Location(location.outer + u32(is_over), select(position, 0u, is_over), select(inner, 0u, inner == uniforms.inner));
}

fn row_of(location: Location) -> u32 {
    return location.outer * uniforms.inner + location.inner;
}

@compute @workgroup_size(64)
fn write_words(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    zero = workgroups.z - 1u;
    let group = 4u * (uniforms.first / 4u + id.x + id.y * workgroups.x * 64u);
    let end = uniforms.first + uniforms.elements;
    if group >= end {
        return;
    }
    let skip = uniforms.first - min(uniforms.first, group);
    let count = min(end - group, 4u);
    // Elements outside the range share the location of one inside.
    let first = uniforms.begin + max(group, uniforms.first) - uniforms.first;
    let a = location_of(first);
    let b = next_if(skip < 1u && count > 1u, a);
    let c = next_if(skip < 2u && count > 2u, b);
    let d = next_if(skip < 3u && count > 3u, c);
    let row = vec4<u32>(row_of(a), row_of(b), row_of(c), row_of(d));
    let kept = kept_at(first - uniforms.begin, count - skip);
    let e = Entries(
        load_x(group, count),
        gradients(group, count, row),
        tangents(group, count),
        vec4<bool>(kept[0], kept[1u - min(skip, 1u)], kept[2u - min(skip, 2u)], kept[3u - min(skip, 3u)]),
        vec4<u32>(a.position, b.position, c.position, d.position),
        uniforms.first_element + first + COUNT - skip,
        row,
    );
    let four = Four(statistics[row.x], statistics[row.y], statistics[row.z], statistics[row.w]);
    store(group, values_of(e, weights_of(e, four), four), skip, count);
}
