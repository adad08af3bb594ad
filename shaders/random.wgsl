// Random numbers that depend only on a seed and an element's index. No state is stored, and backward draws what forward
// drew. Integers, and sums and products that are rounded separately, give the same bits everywhere.

struct Philox {
    counter: vec4<u32>,
    key: vec2<u32>,
}

fn philox_round(p: Philox) -> Philox {
    let c = p.counter;
    let left = vec2<u32>(multiply_high(0xd2511f53u, c.x), 0xd2511f53u * c.x);
    let right = vec2<u32>(multiply_high(0xcd9e8d57u, c.z), 0xcd9e8d57u * c.z);
    let counter = vec4<u32>(right.x ^ c.y ^ p.key.x, right.y, left.x ^ c.w ^ p.key.y, left.y);
    return Philox(counter, p.key + vec2<u32>(0x9e3779b9u, 0xbb67ae85u));
}

// The first word of Philox4x32-10 (Salmon et al. 2011), with the seed as its key and the index as its counter. There is
// no loop, because some adapters limit its turns.
fn philox(index: vec2<u32>, seed: vec2<u32>) -> u32 {
    let second = philox_round(philox_round(Philox(vec4<u32>(index, 0u, 0u), seed)));
    let fourth = philox_round(philox_round(second));
    let sixth = philox_round(philox_round(fourth));
    let eighth = philox_round(philox_round(sixth));
    return philox_round(philox_round(eighth)).counter.x;
}

// Uniform in [0, 1), in steps of 2^-24.
fn uniform_number(index: vec2<u32>, seed: vec2<u32>) -> f32 {
    return f32(philox(index, seed) >> 8u) * 5.9604644775390625e-8;
}

// ln x for a normal x > 0. Every product is opaque, so that none is fused with the following sum. Sums of three are
// guarded.
fn repeatable_logarithm(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let upper = (bits & 0x7fffffu) > 0x3504f3u;
    let exponent = i32(bits >> 23u) - 127 + i32(upper);
    let f = bitcast<f32>((bits & 0x7fffffu) | select(0x3f800000u, 0x3f000000u, upper)) - 1.0;
    var p = 0.0674455017;
    p = opaque(p * f) - 0.116748087;
    p = opaque(p * f) + 0.118886009;
    p = opaque(p * f) - 0.124057554;
    p = opaque(p * f) + 0.142195195;
    p = opaque(p * f) - 0.16667986;
    p = opaque(p * f) + 0.200021192;
    p = opaque(p * f) - 0.25000009;
    p = opaque(p * f) + 0.333333135;
    let square = opaque(f * f);
    let tail = guarded(opaque(opaque(square * f) * p) - opaque(0.5 * square));
    let k = f32(exponent);
    return opaque(f + guarded(tail + opaque(k * -2.12194440e-4))) + opaque(k * 0.693359375);
}

// A number from the standard Gumbel distribution. A draw of 0 counts as 2^-25, so that the result is finite.
fn gumbel_number(index: u32, seed: vec2<u32>) -> f32 {
    let u = max(uniform_number(vec2<u32>(index, 0u), seed), 2.98023223876953125e-8);
    return -repeatable_logarithm(-repeatable_logarithm(u));
}
