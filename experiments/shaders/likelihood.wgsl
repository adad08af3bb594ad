// The mean of the first outputs of a minibatch, which are logarithms of probabilities, negated, and its gradient: an
// invocation a network.

struct Shape {
    batch: u32,
    networks: u32,
    outputs: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(32)
fn likelihood(@builtin(global_invocation_id) id: vec3<u32>) {
    let network = id.x;
    if network >= shape.networks {
        return;
    }
    let share = -1.0 / f32(shape.batch);
    var sum = 0.0;
    for (var example = 0u; example < shape.batch; example++) {
        let start = (example * shape.networks + network) * shape.outputs;
        for (var entry = 0u; entry < shape.outputs; entry++) {
            dy[start + entry] = select(0.0, share, entry == 0u);
        }
        sum += y[start];
    }
    losses[step[0] * shape.networks + network] = share * sum;
}
