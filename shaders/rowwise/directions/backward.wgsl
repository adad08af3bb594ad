// dx from x and dy.

const DIRECTION: u32 = BACKWARD;

fn gradients(index: u32, count: u32, rows: vec4<u32>) -> vec4<f32> {
    return load_dy(index, count);
}
