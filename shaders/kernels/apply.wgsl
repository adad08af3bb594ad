// One result for each element from the statistics of its row, in the order of memory. `call.begin` is the place within
// the rows of the first element.

@group(0) @binding(6) var<storage, read> states: array<Statistics>;

struct Site {
    row: u32,
    position: u32,
}

fn site_of(element: u32) -> Site {
    let line = element / call.inner;
    return Site(line / call.length * call.inner + element % call.inner, line % call.length);
}

fn value_at(element: u32, x: f32, dy: f32, site: Site) -> f32 {
    let kept = mask_at(element - call.begin);
    return value(Entry(x, dy, kept, site.position, call.first_element + element, site.row), states[site.row]);
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
    var sites: array<Site, 4>;
    for (var j = skip; j < count; j++) {
        sites[j] = site_of(call.begin + group + j - call.first);
    }
    let x = load_x(group, count);
    let dy = gradients(group, count, vec4<u32>(sites[0].row, sites[1].row, sites[2].row, sites[3].row));
    var values = vec4<f32>(0.0);
    for (var j = skip; j < count; j++) {
        values[j] = value_at(call.begin + group + j - call.first, x[j], dy[j], sites[j]);
    }
    store(group, values, skip, count);
}
