// Access to four elements at once, where every group of four begins at a whole vector.

// Every group of four is complete.
const WHOLE: bool = true;

fn load_x(index: u32, count: u32) -> vec4<f32> {
    return unpack(x_at(index / 4u));
}

fn load_dy(index: u32, count: u32) -> vec4<f32> {
    return unpack(dy_at(index / 4u));
}

fn store(index: u32, values: vec4<f32>, skip: u32, count: u32) {
    result[index / 4u] = pack(values);
}
