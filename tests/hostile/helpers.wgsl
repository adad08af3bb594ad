// Arithmetic of a hostile compiler, as functions that the underlying compiler cannot undo.

fn hostile_hidden(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ zero);
}

fn hostile_hidden_2(x: vec2<f32>) -> vec2<f32> {
    return bitcast<vec2<f32>>(bitcast<vec2<u32>>(x) ^ vec2<u32>(zero));
}

fn hostile_hidden_3(x: vec3<f32>) -> vec3<f32> {
    return bitcast<vec3<f32>>(bitcast<vec3<u32>>(x) ^ vec3<u32>(zero));
}

fn hostile_hidden_4(x: vec4<f32>) -> vec4<f32> {
    return bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) ^ vec4<u32>(zero));
}

fn hostile_inverse(x: f32) -> f32 {
    return hostile_hidden(1.0 / x);
}

fn hostile_inverse_2(x: vec2<f32>) -> vec2<f32> {
    return hostile_hidden_2(1.0 / x);
}

fn hostile_inverse_3(x: vec3<f32>) -> vec3<f32> {
    return hostile_hidden_3(1.0 / x);
}

fn hostile_inverse_4(x: vec4<f32>) -> vec4<f32> {
    return hostile_hidden_4(1.0 / x);
}

fn hostile_flushed(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    return bitcast<f32>(select(bits, bits & 0x80000000u, (bits & 0x7f800000u) == 0u));
}

fn hostile_flushed_2(x: vec2<f32>) -> vec2<f32> {
    let bits = bitcast<vec2<u32>>(x);
    return bitcast<vec2<f32>>(select(bits, bits & vec2<u32>(0x80000000u), (bits & vec2<u32>(0x7f800000u)) == vec2<u32>(0u)));
}

fn hostile_flushed_3(x: vec3<f32>) -> vec3<f32> {
    let bits = bitcast<vec3<u32>>(x);
    return bitcast<vec3<f32>>(select(bits, bits & vec3<u32>(0x80000000u), (bits & vec3<u32>(0x7f800000u)) == vec3<u32>(0u)));
}

fn hostile_flushed_4(x: vec4<f32>) -> vec4<f32> {
    let bits = bitcast<vec4<u32>>(x);
    return bitcast<vec4<f32>>(select(bits, bits & vec4<u32>(0x80000000u), (bits & vec4<u32>(0x7f800000u)) == vec4<u32>(0u)));
}

fn hostile_wide_hidden(x: f64) -> f64 {
    return bitcast<f64>(bitcast<u64>(x) ^ u64(zero));
}

// a * b + c, rounded once. The product is exact in f64. The sum is rounded to odd, so that rounding it to f32 equals
// rounding the exact sum.
fn hostile_fused(a: f32, b: f32, c: f32) -> f32 {
    let product = f64(a) * f64(b);
    let addend = f64(c);
    let sum = hostile_wide_hidden(product + addend);
    let of_addend = hostile_wide_hidden(sum - product);
    let error = (product - hostile_wide_hidden(sum - of_addend)) + (addend - of_addend);
    let bits = bitcast<u64>(sum);
    let even = (bits & 1lu) == 0lu;
    let inexact = error < 0.0lf || error > 0.0lf;
    let away = (error < 0.0lf) == (sum < 0.0lf);
    let odd = select(bits - 1lu, bits + 1lu, away);
    return f32(bitcast<f64>(select(bits, odd, even && inexact)));
}

fn hostile_fused_2(a: vec2<f32>, b: vec2<f32>, c: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(hostile_fused(a.x, b.x, c.x), hostile_fused(a.y, b.y, c.y));
}

fn hostile_fused_3(a: vec3<f32>, b: vec3<f32>, c: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(hostile_fused_2(a.xy, b.xy, c.xy), hostile_fused(a.z, b.z, c.z));
}

fn hostile_fused_4(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(hostile_fused_2(a.xy, b.xy, c.xy), hostile_fused_2(a.zw, b.zw, c.zw));
}
