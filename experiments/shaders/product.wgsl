// The three matrix products of a layer, for each network: y = x·w forward, dx = dy·wᵀ and dw = xᵀ·dy backward.
//
// An invocation computes a tile of 8 rows and 4 columns, which stays in registers. It reads vectors of four along the last
// axis of each array, so inputs and outputs are multiples of four.

struct Shape {
    rows: u32,
    networks: u32,
    inputs: u32,
    outputs: u32,
    // The networks that share x count as one here.
    owners: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> left: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> right: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;

// The first row of an invocation's tile, its first column divided by four, and its network.
struct Tile {
    row: u32,
    column: u32,
    network: u32,
}

fn tile_of(id: vec3<u32>, columns: u32) -> Tile {
    return Tile(8u * (id.x / columns), id.x % columns, id.y);
}

// Four rows that begin with the given one, or the last row again beyond it.
fn four(row: u32, rows: u32) -> vec4<u32> {
    return min(vec4<u32>(row, row + 1u, row + 2u, row + 3u), vec4<u32>(rows - 1u));
}

// a·b of 4 × 4, where a has its rows as columns.
fn times(a: mat4x4<f32>, b: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(b * a[0], b * a[1], b * a[2], b * a[3]);
}

fn store(start: u32, distance: u32, row: u32, rows: u32, values: mat4x4<f32>) {
    if row < rows { result[start] = values[0]; }
    if row + 1u < rows { result[start + distance] = values[1]; }
    if row + 2u < rows { result[start + 2u * distance] = values[2]; }
    if row + 3u < rows { result[start + 3u * distance] = values[3]; }
}

// y[row, network, o] = Σ x[row, network, i]·w[network, i, o]
@compute @workgroup_size(32)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
    let inputs = shape.inputs / 4u;
    let outputs = shape.outputs / 4u;
    let tile = tile_of(id, outputs);
    if tile.row >= shape.rows { return; }
    let owner = min(tile.network, shape.owners - 1u);
    var upper = (four(tile.row, shape.rows) * shape.owners + owner) * inputs;
    var lower = (four(tile.row + 4u, shape.rows) * shape.owners + owner) * inputs;
    var weight = tile.network * shape.inputs * outputs + tile.column;
    var sums = mat4x4<f32>();
    var lower_sums = mat4x4<f32>();
    for (var i = 0u; i < inputs; i++) {
        let w = mat4x4<f32>(right[weight], right[weight + outputs], right[weight + 2u * outputs], right[weight + 3u * outputs]);
        sums += times(mat4x4<f32>(left[upper.x], left[upper.y], left[upper.z], left[upper.w]), w);
        lower_sums += times(mat4x4<f32>(left[lower.x], left[lower.y], left[lower.z], left[lower.w]), w);
        upper += 1u;
        lower += 1u;
        weight += 4u * outputs;
    }
    let distance = shape.networks * outputs;
    let start = tile.row * distance + tile.network * outputs + tile.column;
    store(start, distance, tile.row, shape.rows, sums);
    store(start + 4u * distance, distance, tile.row + 4u, shape.rows, lower_sums);
}

// dx[row, network, i] = Σ dy[row, network, o]·w[network, i, o]
@compute @workgroup_size(32)
fn by_inputs(@builtin(global_invocation_id) id: vec3<u32>) {
    let inputs = shape.inputs / 4u;
    let outputs = shape.outputs / 4u;
    let tile = tile_of(id, inputs);
    if tile.row >= shape.rows { return; }
    var upper = (four(tile.row, shape.rows) * shape.networks + tile.network) * outputs;
    var lower = (four(tile.row + 4u, shape.rows) * shape.networks + tile.network) * outputs;
    var weight = (tile.network * shape.inputs + 4u * tile.column) * outputs;
    var sums = mat4x4<f32>();
    var lower_sums = mat4x4<f32>();
    for (var o = 0u; o < outputs; o++) {
        let w = transpose(mat4x4<f32>(right[weight], right[weight + outputs], right[weight + 2u * outputs], right[weight + 3u * outputs]));
        sums += times(mat4x4<f32>(left[upper.x], left[upper.y], left[upper.z], left[upper.w]), w);
        lower_sums += times(mat4x4<f32>(left[lower.x], left[lower.y], left[lower.z], left[lower.w]), w);
        upper += 1u;
        lower += 1u;
        weight += 1u;
    }
    let distance = shape.networks * inputs;
    let start = tile.row * distance + tile.network * inputs + tile.column;
    store(start, distance, tile.row, shape.rows, sums);
    store(start + 4u * distance, distance, tile.row + 4u, shape.rows, lower_sums);
}

// dw[network, i, o] = Σ x[row, network, i]·dy[row, network, o]
@compute @workgroup_size(32)
fn by_weights(@builtin(global_invocation_id) id: vec3<u32>) {
    let inputs = shape.inputs / 4u;
    let outputs = shape.outputs / 4u;
    let tile = tile_of(id, outputs);
    if tile.row >= shape.inputs { return; }
    let x_distance = shape.networks * inputs;
    let y_distance = shape.networks * outputs;
    var x = tile.network * inputs + tile.row / 4u;
    var y = tile.network * outputs + tile.column;
    var sums = mat4x4<f32>();
    var lower_sums = mat4x4<f32>();
    for (var row = 0u; row < shape.rows; row++) {
        let slope = right[y];
        let values = left[x];
        let lower_values = left[min(x + 1u, tile.network * inputs + row * x_distance + inputs - 1u)];
        sums += mat4x4<f32>(slope * values.x, slope * values.y, slope * values.z, slope * values.w);
        lower_sums += mat4x4<f32>(slope * lower_values.x, slope * lower_values.y, slope * lower_values.z, slope * lower_values.w);
        x += x_distance;
        y += y_distance;
    }
    let start = (tile.network * shape.inputs + tile.row) * outputs + tile.column;
    store(start, outputs, tile.row, shape.inputs, sums);
    store(start + 4u * outputs, outputs, tile.row + 4u, shape.inputs, lower_sums);
}
