// z[point, network, unit] = w[network, unit]·x[point].

struct Shape {
    points: u32,
    // The units of all networks.
    units: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
// x, s, s′ and sin x of each point.
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;

@compute @workgroup_size(64)
fn pinn_products(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < shape.units {
        z[id.y * shape.units + id.x] = weights[id.x] * points[id.y].x;
    }
}
