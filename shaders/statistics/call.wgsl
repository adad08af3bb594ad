// What the host tells a kernel that works along one axis of (outer, length, inner), and what it gathers about a row:
// all elements that share their outer and inner index.

const FORWARD: u32 = 0u;
const BACKWARD: u32 = 1u;
const FROM_OUTPUT: u32 = 2u;

struct Call {
    // The element of the bindings at which the data begin, and its number within the whole array.
    first: u32,
    first_element: u32,
    first_mask: u32,
    first_gradient: u32,
    // The rows in reach, the number of the first of them, and the elements.
    rows: u32,
    first_row: u32,
    elements: u32,
    inner: u32,
    length: u32,
    // The positions along the axis that the bindings hold, and the chunks they are divided into.
    begin: u32,
    end: u32,
    chunk: u32,
    first_chunk: u32,
    chunks: u32,
    all_chunks: u32,
    round: u32,
    seed: vec2<u32>,
    inverse_temperature: vec2<f32>,
    // What is taken off a row's logarithm.
    taken: vec2<f32>,
    hard: u32,
    tasks: u32,
    // How many times the rows are repeated among the chunks to be combined.
    repeats: u32,
    channels: u32,
    channel_length: u32,
    @align(16) params: Params,
}

@group(0) @binding(3) var<uniform> call: Call;

// One element of a row, its position along the axis, its number within the whole array, and its row's.
struct Entry {
    x: f32,
    dy: f32,
    kept: bool,
    position: u32,
    number: u32,
    row: u32,
}

// Who works on a task: `lane` of `size`; then on the next, `step` further on, up to `end`.
struct Team {
    lane: u32,
    size: u32,
    task: u32,
    end: u32,
    step: u32,
}

fn negative_infinity() -> f32 {
    return bitcast<f32>(0xff800000u ^ zero);
}
