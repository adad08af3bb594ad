// Scalar f32 values: their bits and powers of two. All accuracies share these names.
//
// A `vec2<f32>` in the files beside this one is a double-float: the unevaluated sum of a value and its rounding error.

const LARGEST: f32 = 3.4028234663852886e38;

// 0, but known only at run time: every entry point sets it to the dispatch's third dimension minus 1. It is not a
// uniform, because Mesa compiles the values of some uniforms in.
var<private> zero: u32;

// A value that compilers cannot see through. Drivers fold `(a + b) - a` to `b`, which erases the rounding error that a
// compensated sum needs.
fn opaque(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ zero);
}

// The same for compilers that regroup `(a - sum) + b` to `(a + b) - sum` without knowing `sum`. GUARDED depends on the
// adapter.
fn guarded(x: f32) -> f32 {
    if GUARDED {
        return opaque(x);
    }
    return x;
}

// Tests bits, because implementations may assume that NaN does not occur.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// y, or x if it is NaN. Implementations may assume that NaN does not occur, so it is carried by its bits around functions of
// numbers.
fn or_nan(x: f32, y: f32) -> f32 {
    return bitcast<f32>(select(bitcast<u32>(y), bitcast<u32>(x) | 0x400000u, is_nan(x)));
}

// Tests bits, because implementations may assume that infinities do not occur.
fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// Infinity and NaN cannot be literals, and compilers may assume that no arithmetic produces NaN.
fn not_a_number_unless(valid: bool, y: f32) -> f32 {
    return bitcast<f32>(select(0x7fc00000u ^ zero, bitcast<u32>(y), valid));
}

// x above 0 and slope * x below. A slope of 0 gives 0 at -infinity, too, where the product would be NaN.
fn leaky(x: f32, slope: f32) -> f32 {
    return select(slope * select(x, 0.0, slope == 0.0), x, x > 0.0);
}

// 2^k for k in [-126, 127]; -127 gives 0.
fn power_of_two(k: i32) -> f32 {
    return bitcast<f32>(u32(k + 127) << 23u);
}

// value * 2^k for k in [-254, 252]. It takes two steps, because 2^k alone may not be a normal float. The first is
// guarded, because Mesa's GL balances chains of products and would multiply the powers of two with each other.
fn scale(value: f32, k: i32) -> f32 {
    let half = (k + 1) >> 1u;
    return guarded_product(value, power_of_two(half)) * power_of_two(k - half);
}

// value * 2^k for k in [-190, 63] and a moderate value.
fn lowered(value: f32, k: i32) -> f32 {
    return guarded_product(value, power_of_two(k + 64)) * 5.4210108624275222e-20;
}

// The exponent of x, clamped to [-126, 126], so that 2^-k is a normal float, too.
fn exponent_of(x: f32) -> i32 {
    return clamp(i32((bitcast<u32>(x) >> 23u) & 0xffu) - 127, -126, 126);
}

// value * 2^k for k in [-378, 378]: for products of a large value and a vanishing exponential.
fn scale_far(value: f32, k: i32) -> f32 {
    // k / 3, rounded to nearest.
    let third = (k * 21845 + 32768) >> 16u;
    let step = power_of_two(third);
    return guarded_product(guarded_product(value, step), step) * power_of_two(k - 2 * third);
}

// The derivative of a result by a learnable parameter, as value * 2^k: it may exceed the floats where its product with dy
// does not.
struct Gradient {
    value: f32,
    k: i32,
}

// A product still to be multiplied by 2^k. Scaling comes last, so that tails keep their digits where a factor alone
// would be subnormal.
struct Scaled {
    value: vec2<f32>,
    k: i32,
}
