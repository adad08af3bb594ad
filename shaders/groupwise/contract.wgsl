// Functions of groups of `pieces` entries, each `length` elements long, in an array (rows, pieces, length). Results are
// computed four at a time in the order of memory. Each depends on elements at the same row and position of its inputs.

const WORKGROUP: u32 = 256u;

struct GroupwiseUniform {
    // The first element of the result in its binding, the number of elements, and the index within the whole result.
    first: u32,
    elements: u32,
    begin: u32,
    length: u32,
    pieces: u32,
    gate_is_first: u32,
    // The index of (row 0, position 0) of each input in its binding, modulo 2^32, and the distance between rows.
    x_base: u32,
    x_stride: u32,
    second_base: u32,
    second_stride: u32,
    dy_base: u32,
    dy_stride: u32,
    // Of gated units where LIMITED.
    limit: f32,
    value_addend: f32,
    @align(16) params: Params,
}

@group(0) @binding(3) var<uniform> uniforms: GroupwiseUniform;

fn group_at(id: vec3<u32>, workgroups: vec3<u32>) -> u32 {
    return 4u * (uniforms.first / 4u + id.x + id.y * workgroups.x * WORKGROUP);
}

fn is_in_reach(group: u32) -> bool {
    return group < uniforms.first + uniforms.elements;
}

fn store_group(group: u32, values: vec4<f32>) {
    store(group, values, uniforms.first - min(uniforms.first, group), min(uniforms.first + uniforms.elements - group, 4u));
}

fn are_nan(x: vec4<f32>) -> vec4<bool> {
    return (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
}

fn nan_where(nan: vec4<bool>, y: vec4<f32>) -> vec4<f32> {
    return bitcast<vec4<f32>>(select(bitcast<vec4<u32>>(y), vec4<u32>(0x7fc00000u), nan));
}
