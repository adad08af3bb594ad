// y from x.

const DIRECTION: u32 = FORWARD;

fn gradients(index: u32, count: u32, rows: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(0.0);
}
