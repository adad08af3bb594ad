// The natural logarithm, whatever the accuracy.

// ln s for a normal s > 0 that is the exact sum of its parts. Near 1 the lower part decides.
fn logarithm(s: vec2<f32>) -> vec2<f32> {
    let k = i32(bitcast<u32>(s.x) >> 23u) - 127;
    let unit = vec2<f32>(scale(s.x, -k), scale(s.y, -k));
    let near = log1p_unit(two_sum(unit.x - 1.0, unit.y));
    let twos = f32(k);
    return add(add(near, vec2<f32>(twos * 0.693359375, 0.0)), two_product(twos, -2.12194440e-4));
}
