// The results of a block.

fn values_of(b: Block, s: Statistics) -> vec4<f32> {
    return vec4<f32>(
        value(Entry(b.x.x, b.dy.x, b.kept.x, b.position.x, b.number.x, b.row), s),
        value(Entry(b.x.y, b.dy.y, b.kept.y, b.position.y, b.number.y, b.row), s),
        value(Entry(b.x.z, b.dy.z, b.kept.z, b.position.z, b.number.z, b.row), s),
        value(Entry(b.x.w, b.dy.w, b.kept.w, b.position.w, b.number.w, b.row), s),
    );
}
