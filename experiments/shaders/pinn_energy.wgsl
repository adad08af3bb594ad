// At a point of a network: its energy, and what the gradient goes back from. An invocation does so for one of each.

struct Shape {
    points: u32,
    networks: u32,
    units: u32,
    // Where the factors a begin among the weights.
    factors: u32,
    // The share of a point in the integral.
    weight: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> values: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>;
// For each point and network the energy, and its derivative by N.
@group(0) @binding(5) var<storage, read_write> energies: array<vec2<f32>>;
// One after the other, for each point and unit: A·a, c and B.
@group(0) @binding(6) var<storage, read_write> back: array<f32>;

@compute @workgroup_size(32)
fn pinn_energy(@builtin(global_invocation_id) id: vec3<u32>) {
    let network = id.x;
    if network >= shape.networks {
        return;
    }
    let point = points[id.y];
    let first = network * shape.units;
    let row = (id.y * shape.networks + network) * shape.units;
    var n = 0.0;
    var dn = 0.0;
    for (var unit = 0u; unit < shape.units; unit++) {
        let a = weights[shape.factors + first + unit];
        n += a * values[row + unit];
        dn += a * weights[first + unit] * slopes[row + unit];
    }
    let u = point.y * n;
    let du = point.z * n + point.y * dn;
    let by_n = shape.weight * (du * point.z - point.y * point.w);
    let by_dn = shape.weight * du * point.y;
    energies[id.y * shape.networks + network] = vec2<f32>(shape.weight * (0.5 * du * du - u * point.w), by_n);
    let length = shape.points * shape.networks * shape.units;
    for (var unit = 0u; unit < shape.units; unit++) {
        let a = weights[shape.factors + first + unit];
        back[row + unit] = by_n * a;
        back[length + row + unit] = a * weights[first + unit];
        back[2u * length + row + unit] = by_dn;
    }
}
