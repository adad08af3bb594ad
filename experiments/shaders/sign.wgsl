// The first output of each example with the sign of its class: as it is for label 1, negated for label 0. The padding
// becomes 0.

struct Shape {
    batch: u32,
    networks: u32,
    seeds: u32,
    outputs: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> x: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn sign_by_class(@builtin(global_invocation_id) id: vec3<u32>) {
    let example = id.x / shape.outputs;
    let entry = id.x % shape.outputs;
    let network = id.y;
    if example < shape.batch {
        let label = labels[order[(step[0] * shape.seeds + network % shape.seeds) * shape.batch + example]];
        let at = (example * shape.networks + network) * shape.outputs + entry;
        y[at] = select(0.0, select(-x[at], x[at], label == 1u), entry == 0u);
    }
}
