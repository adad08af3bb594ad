// Whether a unit ever responds to its inputs: a derivative other than 0 for an example. An invocation decides for one unit,
// whose inputs are `pieces` entries of a row, `distance` apart.

struct Shape {
    rows: u32,
    networks: u32,
    units: u32,
    pieces: u32,
    unit_distance: u32,
    piece_distance: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> derivatives: array<f32>;
@group(0) @binding(2) var<storage, read_write> flags: array<u32>;

@compute @workgroup_size(64)
fn alive(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= shape.networks * shape.units {
        return;
    }
    let network = id.x / shape.units;
    let unit = id.x % shape.units;
    let width = shape.units * shape.pieces;
    var is_alive = false;
    for (var row = 0u; row < shape.rows; row++) {
        let start = (row * shape.networks + network) * width + unit * shape.unit_distance;
        for (var piece = 0u; piece < shape.pieces; piece++) {
            is_alive = is_alive || derivatives[start + piece * shape.piece_distance] != 0.0;
        }
    }
    flags[id.x] = select(0u, 1u, is_alive);
}
