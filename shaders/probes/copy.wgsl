// A copy, which shows what memory allows: one stream out, one or two in, almost no arithmetic. The launch shape is that
// of other kernels.

struct CopyUniform {
    vectors: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4<u32>>;
@group(0) @binding(3) var<uniform> uniforms: CopyUniform;

fn first_vector(group: vec3<u32>, groups: vec3<u32>, local: u32) -> u32 {
    return (group.y * groups.x + group.x) * WORKGROUP * VECTORS + local;
}

@compute @workgroup_size(WORKGROUP)
fn forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first = first_vector(group, groups, local);
    for (var i = 0u; i < VECTORS; i++) {
        let index = first + i * WORKGROUP;
        if index < uniforms.vectors {
            result[index] = x[index];
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn backward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first = first_vector(group, groups, local);
    for (var i = 0u; i < VECTORS; i++) {
        let index = first + i * WORKGROUP;
        if index < uniforms.vectors {
            result[index] = x[index] ^ dy[index];
        }
    }
}
