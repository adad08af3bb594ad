// The mean cross entropy of a minibatch and its gradient, from the logarithms of the probabilities: an invocation a network.

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
@group(0) @binding(4) var<storage, read> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(32)
fn cross_entropy(@builtin(global_invocation_id) id: vec3<u32>) {
    let network = id.x;
    if network >= shape.networks {
        return;
    }
    let share = -1.0 / f32(shape.batch);
    var sum = 0.0;
    for (var example = 0u; example < shape.batch; example++) {
        let label = labels[order[(step[0] * shape.seeds + network % shape.seeds) * shape.batch + example]];
        let start = (example * shape.networks + network) * shape.outputs;
        for (var entry = 0u; entry < shape.outputs; entry++) {
            dy[start + entry] = select(0.0, share, entry == label);
        }
        sum += y[start + label];
    }
    losses[step[0] * shape.networks + network] = share * sum;
}
