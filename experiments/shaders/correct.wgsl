// How many examples from `first` to `last` a network gets right: the largest output, the first of equals, has the label.
// An invocation counts for one network. NaN is never the largest.

struct Shape {
    first: u32,
    last: u32,
    networks: u32,
    outputs: u32,
    // Where the counts go.
    start: u32,
    // The label of the first row of y.
    label: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(32)
fn correct(@builtin(global_invocation_id) id: vec3<u32>) {
    let network = id.x;
    if network >= shape.networks {
        return;
    }
    var count = 0u;
    for (var example = shape.first; example < shape.last; example++) {
        let start = (example * shape.networks + network) * shape.outputs;
        let label = labels[shape.label + example];
        let value = y[start + label];
        var is_largest = true;
        for (var entry = 0u; entry < shape.outputs; entry++) {
            let other = y[start + entry];
            is_largest = is_largest && (entry == label || value > other || (value == other && label < entry));
        }
        count += select(0u, 1u, is_largest);
    }
    counts[shape.start + network] = count;
}
