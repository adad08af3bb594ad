// dx from x and one dy for each row.

const DIRECTION: u32 = BACKWARD;

fn gradients(index: u32, count: u32, rows: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(
        dy_element(uniforms.first_gradient + rows.x),
        dy_element(uniforms.first_gradient + rows.y),
        dy_element(uniforms.first_gradient + rows.z),
        dy_element(uniforms.first_gradient + rows.w),
    );
}
