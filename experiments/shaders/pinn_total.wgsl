// The energy of each network: the sum over the points, for this step.

struct Shape {
    points: u32,
    networks: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> energies: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(32)
fn pinn_total(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= shape.networks {
        return;
    }
    var sum = 0.0;
    for (var point = 0u; point < shape.points; point++) {
        sum += energies[point * shape.networks + id.x].x;
    }
    losses[step[0] * shape.networks + id.x] = sum;
}
