// dx from dy and y, which is bound as x.

const DIRECTION: u32 = FROM_OUTPUT;

fn gradients(index: u32, count: u32, rows: vec4<u32>) -> vec4<f32> {
    return load_dy(index, count);
}
