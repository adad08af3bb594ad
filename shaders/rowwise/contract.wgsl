// What the host tells a kernel that works along one axis of (outer, length, inner), and what it gathers about a row. A
// row is the elements that share their outer and inner index.

const FORWARD: u32 = 0u;
const BACKWARD: u32 = 1u;
const FROM_OUTPUT: u32 = 2u;

struct RowwiseUniform {
    // The element of the bindings at which the data begin, and its index within the whole array.
    first: u32,
    first_element: u32,
    first_mask: u32,
    first_gradient: u32,
    // The number of rows in reach, the index of the first, and the number of elements.
    rows: u32,
    first_row: u32,
    elements: u32,
    inner: u32,
    length: u32,
    // The positions along the axis that the bindings hold, and the chunks that they form.
    begin: u32,
    end: u32,
    chunk: u32,
    first_chunk: u32,
    chunks: u32,
    all_chunks: u32,
    round: u32,
    seed: vec2<u32>,
    // 1/temperature = inverse_temperature * 2^temperature_exponent, with inverse_temperature in [1/2, 1).
    inverse_temperature: vec2<f32>,
    // The number subtracted from a row's logarithm. Where a mask decides it, the kernel counts instead.
    subtracted: vec2<f32>,
    hard: u32,
    tasks: u32,
    // The number of times that the rows repeat among the chunks to combine.
    repeats: u32,
    channels: u32,
    channel_length: u32,
    // The most lanes of a subgroup that a row takes.
    width: u32,
    temperature_exponent: i32,
    temperature: f32,
    // The index of the row 0 of the statistics within the whole array.
    base_row: u32,
    // Runs of x's axes along which a mask lies or repeats, the last first: their lengths, and the distances between its bytes.
    @align(16) mask_lengths: array<vec4<u32>, 2>,
    mask_strides: array<vec4<u32>, 2>,
    @align(16) params: Params,
}

@group(0) @binding(3) var<uniform> uniforms: RowwiseUniform;

// One element of a row: its position along the axis, its index within the whole array, and the index of its row.
struct Entry {
    x: f32,
    dy: f32,
    v: f32,
    kept: bool,
    position: u32,
    element: u32,
    row: u32,
}

// Four entries, in succession along a row or side by side in four rows.
struct Entries {
    x: vec4<f32>,
    dy: vec4<f32>,
    v: vec4<f32>,
    kept: vec4<bool>,
    position: vec4<u32>,
    element: vec4<u32>,
    row: vec4<u32>,
}

const COUNT: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);

fn first_of(e: Entries) -> Entry {
    return Entry(e.x.x, e.dy.x, e.v.x, e.kept.x, e.position.x, e.element.x, e.row.x);
}

fn second_of(e: Entries) -> Entry {
    return Entry(e.x.y, e.dy.y, e.v.y, e.kept.y, e.position.y, e.element.y, e.row.y);
}

fn third_of(e: Entries) -> Entry {
    return Entry(e.x.z, e.dy.z, e.v.z, e.kept.z, e.position.z, e.element.z, e.row.z);
}

fn fourth_of(e: Entries) -> Entry {
    return Entry(e.x.w, e.dy.w, e.v.w, e.kept.w, e.position.w, e.element.w, e.row.w);
}

// Whether each of four elements exists and counts.
fn kept_at(index: u32, count: u32) -> vec4<bool> {
    return vec4<bool>(
        mask_at(index),
        (WHOLE || count > 1u) && mask_at(index + 1u),
        (WHOLE || count > 2u) && mask_at(index + 2u),
        (WHOLE || count > 3u) && mask_at(index + 3u),
    );
}

// The statistics of the rows of four entries.
struct Four {
    first: Statistics,
    second: Statistics,
    third: Statistics,
    fourth: Statistics,
}

// The lane that works on a task, and the number of lanes.
struct Team {
    lane: u32,
    size: u32,
}

// The tasks of a team: `first`, `first + step` and so on, below `end`. They are not part of `Team`: WGSL decides only
// for a whole struct whether all lanes share it, as they must at a barrier.
struct Tasks {
    first: u32,
    end: u32,
    step: u32,
}

// The values that all lanes of a workgroup share.
struct Workgroup {
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) count: vec3<u32>,
}

fn negative_infinity() -> f32 {
    return bitcast<f32>(0xff800000u ^ zero);
}
