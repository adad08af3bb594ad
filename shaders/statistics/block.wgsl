// Up to four elements of a row at successive positions.

const COUNT: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);

struct Block {
    x: vec4<f32>,
    dy: vec4<f32>,
    kept: vec4<bool>,
    position: vec4<u32>,
    number: vec4<u32>,
    row: u32,
}

fn include_block(s: Statistics, b: Block, round: u32) -> Statistics {
    var t = include(s, Entry(b.x.x, b.dy.x, b.kept.x, b.position.x, b.number.x, b.row), round);
    t = include(t, Entry(b.x.y, b.dy.y, b.kept.y, b.position.y, b.number.y, b.row), round);
    t = include(t, Entry(b.x.z, b.dy.z, b.kept.z, b.position.z, b.number.z, b.row), round);
    return include(t, Entry(b.x.w, b.dy.w, b.kept.w, b.position.w, b.number.w, b.row), round);
}
