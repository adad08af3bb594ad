// Counts the steps.

@group(0) @binding(0) var<storage, read_write> step: array<u32>;

@compute @workgroup_size(1)
fn advance() {
    step[0] += 1u;
}
