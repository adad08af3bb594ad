// The gradient of a network's energy by w, b and a of one unit, and the energy itself: sums over the points.

struct Shape {
    points: u32,
    networks: u32,
    units: u32,
    // Where b and a begin among the weights.
    biases: u32,
    factors: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> values: array<f32>;
@group(0) @binding(4) var<storage, read> energies: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> by_z_of_values: array<f32>;
@group(0) @binding(6) var<storage, read> by_z_of_slopes: array<f32>;
@group(0) @binding(7) var<storage, read> by_factors: array<f32>;
@group(0) @binding(8) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn pinn_gradient(@builtin(global_invocation_id) id: vec3<u32>) {
    let all = shape.networks * shape.units;
    if id.x >= all {
        return;
    }
    let w = weights[id.x];
    let a = weights[shape.factors + id.x];
    var by_w = 0.0;
    var by_b = 0.0;
    var by_a = 0.0;
    for (var point = 0u; point < shape.points; point++) {
        let at = point * all + id.x;
        let by_z = by_z_of_values[at] + by_z_of_slopes[at];
        by_w += points[point].x * by_z + a * by_factors[at];
        by_b += by_z;
        by_a += energies[point * shape.networks + id.x / shape.units].y * values[at] + w * by_factors[at];
    }
    gradient[id.x] = by_w;
    gradient[shape.biases + id.x] = by_b;
    gradient[shape.factors + id.x] = by_a;
}
