// The inputs of a minibatch: x[b, network, i] = data[order[step, seed, b], i].

struct Shape {
    batch: u32,
    networks: u32,
    seeds: u32,
    features: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> data: array<f32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn gather(@builtin(global_invocation_id) id: vec3<u32>) {
    let network = id.y;
    let example = id.z;
    if id.x < shape.features {
        let row = order[(step[0] * shape.seeds + network % shape.seeds) * shape.batch + example];
        x[(example * shape.networks + network) * shape.features + id.x] = data[row * shape.features + id.x];
    }
}
