// Polynomials for f32 results within about 4 units in the last place. Arguments of exponentials keep their lower parts,
// because an exponential magnifies their errors.

// (e^r - 1 - r)/r for |r| <= ln 2/2, from a minimax fit (2^-26 of e^r - 1).
fn expm1_rest(r: f32) -> f32 {
    return ((((0.00138604618 * r + 0.00836655404) * r + 0.0416675471) * r + 0.166665435) * r + 0.49999997) * r;
}

fn expm1_near(r: f32) -> f32 {
    return r * expm1_rest(r) + r;
}

fn exponential_near(r: f32) -> f32 {
    return (expm1_rest(r) + 1.0) * r + 1.0;
}

// x - k ln 2, with ln 2 in two parts. The first part has 9 bits, so that its product with k is exact.
fn reduced(x: vec2<f32>, k: f32) -> f32 {
    return opaque(x.x - k * 0.693359375) + (k * 2.12194440e-4 + x.y);
}

fn exponential_scaled(x: vec2<f32>) -> Scaled {
    let k = round(x.x * 1.44269504);
    return Scaled(vec2<f32>(exponential_near(reduced(x, k)), 0.0), i32(k));
}

fn exponential_of(x: f32) -> f32 {
    let e = exponential_scaled(vec2<f32>(clamp(x, -104.0, 89.0), 0.0));
    return scale(e.value.x, e.k);
}

// 2^raise e^x for x <= 0; 0 where that is below the normal floats.
fn raised_exponential(x: vec2<f32>, raise: f32) -> f32 {
    let k = round(x.x * 1.44269504);
    return exponential_near(reduced(x, k)) * power_of_two(i32(max(k + raise, -127.0)));
}

// e^x - 1 for x <= 0, as 2^k (e^r - 1) + (2^k - 1), of which the second part is exact.
fn expm1_negative(x: vec2<f32>) -> vec2<f32> {
    let z = vec2<f32>(max(x.x, -104.0), x.y);
    let k = round(z.x * 1.44269504);
    let step = power_of_two(i32(max(k, -127.0)));
    return vec2<f32>(step * expm1_near(reduced(z, k)) + (step - 1.0), 0.0);
}

// The same with its lower part.
fn precise_expm1_negative(x: vec2<f32>) -> vec2<f32> {
    let z = vec2<f32>(max(x.x, -104.0), x.y);
    let k = round(z.x * 1.44269504);
    let step = power_of_two(i32(max(k, -127.0)));
    let a = opaque(z.x - k * 0.693359375);
    let b = product_of(k, -2.12194440e-4);
    let r = opaque(a - b);
    let v = fast_two_sum(r, r * expm1_rest(r));
    let less_one = fast_two_sum(-1.0, step);
    let y = two_sum(less_one.x, step * v.x);
    return vec2<f32>(y.x, y.y + (opaque(less_one.y) + step * (v.y + ((guarded(a - r) - b) + z.y))));
}

// e^x - 1 for x <= 200. The power of two is apart where it is large.
fn expm1_of(x: vec2<f32>) -> Scaled {
    let z = vec2<f32>(max(x.x, -104.0), x.y);
    let k = round(z.x * 1.44269504);
    let up = max(k, 0.0);
    let step = power_of_two(i32(max(k - up, -127.0)));
    let one = power_of_two(-i32(min(up, 126.0)));
    return Scaled(vec2<f32>(step * expm1_near(reduced(z, k)) + (step - one), 0.0), i32(up));
}

// ln(1 + e) for e in [0, 1].
fn log1p_unit(e: vec2<f32>) -> vec2<f32> {
    let p = ((((((0.00529256836 * e.x - 0.029778216) * e.x + 0.0787422732) * e.x - 0.13715446) * e.x + 0.191362664) * e.x - 0.248529851) * e.x + 0.333208531) * e.x - 0.499996305;
    return vec2<f32>(e.x * e.x * p + e.x, 0.0);
}

// tanh(z) as -m/(2 + m) with m = e^(-2|z|) - 1.
fn tanh_of(z: vec2<f32>) -> vec2<f32> {
    let m = expm1_negative(-2.0 * select(z, -z, z.x < 0.0)).x;
    let y = m / (2.0 + m);
    return vec2<f32>(select(-y, y, z.x < 0.0), 0.0);
}

// Mills' ratio e^(a^2/2) Phi(-a) for a = a.x + a.y in [0, 14.7], as P(t)/(1 + b) with t = (b - 4)/(b + 4). Here b is a, rounded
// so that its sums are exact. The rest enters through Mills' differential equation M' = a M - phi(0).
fn mills_ratio(a: vec2<f32>) -> vec2<f32> {
    let d = opaque(a.x + 4.0);
    let b = d - 4.0;
    let t = (d - 8.0) / d;
    let p = ((((((((8.51826044e-05 * t + 0.000718730502) * t - 0.000403848215) * t - 0.00504372129) * t + 0.0179633498) * t - 0.0321881361) * t + 0.0285979137) * t + 0.0139991222) * t - 0.0967034176) * t + 0.4720532;
    let m = p / (d - 3.0);
    return vec2<f32>(m + (guarded(a.x - b) + a.y) * (b * m - 0.398942292), 0.0);
}
