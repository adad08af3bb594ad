// Exact reduction of angles, whatever the accuracy.

// An angle as a multiple of a quarter turn and a rest of at most an eighth of a turn either way.
struct Angle {
    rest: vec2<f32>,
    quarters: u32,
}

fn multiply_high(a: u32, b: u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let mixed = (a & 0xffffu) * (b >> 16u);
    let other = (a >> 16u) * (b & 0xffffu);
    let carry = (low >> 16u) + (mixed & 0xffffu) + (other & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (mixed >> 16u) + (other >> 16u) + (carry >> 16u);
}

// Four consecutive words, from `word` (at most 4) on, of a word of zeros and 224 bits of 2/pi after the point. They are
// chosen by selects: an array that each invocation indexes for itself would be put into memory.
fn four_words_of_two_over_pi(word: u32) -> vec4<u32> {
    let first = vec4<u32>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u);
    let last = vec4<u32>(0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu);
    let two_on = (word & 2u) != 0u;
    let even = select(first, vec4<u32>(first.zw, last.xy), two_on);
    let odd = vec4<u32>(even.yzw, select(last.x, last.z, two_on));
    return select(select(even, odd, (word & 1u) != 0u), last, word >= 4u);
}

fn negated(w: vec3<u32>) -> vec3<u32> {
    return vec3<u32>(~w.x + u32((w.y | w.z) == 0u), ~w.y + u32(w.z == 0u), 0u - w.z);
}

// Reduces every finite t, plus an eighth of a turn if `eighths` is 1.
fn reduce(t: f32, eighths: u32) -> Angle {
    if abs(t) > 4096.0 {
        return reduce_far(t, eighths << 29u);
    }
    // pi/4 in five parts (Cody & Waite 1980). The first four have 11 bits, and their multiples at most 24.
    let shift = f32(eighths);
    let quarters = round(t * 0.636619772 + 0.5 * shift);
    let n = 2.0 * quarters - shift;
    let first = two_sum(t, -n * 0.78515625);
    let second = two_sum(first.x, -n * 0.00024187564849853516);
    let third = two_sum(second.x, -n * 3.7747668102383614e-08);
    let fourth = two_sum(third.x, -n * 1.2816414596272807e-12);
    let low = (fourth.y - n * 3.0616171314629196e-17) + (first.y + second.y + third.y);
    return Angle(fast_two_sum(fourth.x, low), u32(i32(quarters)) & 3u);
}

fn quarter_turn_on(angle: Angle) -> Angle {
    return Angle(angle.rest, (angle.quarters + 1u) & 3u);
}

// Reduces t plus `offset`, in units of 2^-32 turns. The 24 bits of t are multiplied by the 96 bits of 2/pi that decide
// the fraction of a turn (Payne & Hanek 1983). Nothing is lost near a multiple of pi, where a difference of rounded
// products would cancel.
fn reduce_far(t: f32, offset: u32) -> Angle {
    let bits = bitcast<u32>(t);
    let exponent = (bits >> 23u) & 0xffu;
    let start = exponent - 120u;
    let w = four_words_of_two_over_pi(start >> 5u);
    let shift = start & 31u;
    let window = (w.xyz << vec3<u32>(shift)) | ((w.yzw >> vec3<u32>(1u)) >> vec3<u32>(31u - shift));
    let m = (bits & 0x7fffffu) | 0x800000u;
    let middle = m * window.y;
    let y = middle + multiply_high(m, window.z);
    let x = m * window.x + multiply_high(m, window.y) + u32(y < middle);
    let magnitude = vec3<u32>(x, y, m * window.z);
    let turn = select(magnitude, negated(magnitude), t < 0.0) + vec3<u32>(offset, 0u, 0u);
    let quarters = (turn.x + 0x20000000u) >> 30u;
    let signed_rest = vec3<u32>(turn.x - (quarters << 30u), turn.yz);
    let negative = signed_rest.x >= 0x80000000u;
    let rest = select(signed_rest, negated(signed_rest), negative);
    // Units of 2^-64 quarter turns, converted exactly, 24 bits at a time.
    let upper = (rest.x << 2u) | (rest.y >> 30u);
    let lower = (rest.y << 2u) | (rest.z >> 30u);
    let first = f32(upper >> 8u) * 5.9604644775390625e-8;
    let second = f32(((upper & 0xffu) << 16u) | (lower >> 16u)) * 3.5527136788005009e-15;
    let third = f32(lower & 0xffffu) * 5.421010862427522e-20;
    let sum = fast_two_sum(first, second);
    let radians = multiply(vec2<f32>(sum.x, sum.y + third), vec2<f32>(1.57079637, -4.37113883e-8));
    return Angle(select(radians, -radians, negative), quarters & 3u);
}
