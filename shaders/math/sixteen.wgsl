// For results of 16 bits. Errors of f32 vanish in the rounding, so double-floats have no lower part, WGSL's own exp2
// serves, and polynomials are short. bfloat16 has the range of f32.

fn guarded_product(a: f32, b: f32) -> f32 {
    return guarded(a * b);
}

fn fast_two_sum(a: f32, b: f32) -> vec2<f32> {
    return vec2<f32>(a + b, 0.0);
}

fn two_sum(a: f32, b: f32) -> vec2<f32> {
    return vec2<f32>(a + b, 0.0);
}

fn two_product(a: f32, b: f32) -> vec2<f32> {
    return vec2<f32>(a * b, 0.0);
}

fn product_with(a: f32, parameter: f32) -> vec2<f32> {
    return vec2<f32>(a * parameter, 0.0);
}

fn precise_product(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x * b.x, 0.0);
}

fn precise_product_with(a: vec2<f32>, parameter: f32) -> vec2<f32> {
    return vec2<f32>(a.x * parameter, 0.0);
}

fn precise_sum(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x + b.x, 0.0);
}

fn precise_quotient(n: vec2<f32>, d: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(n.x / d.x, 0.0);
}

fn exponential_scaled(x: vec2<f32>) -> Scaled {
    let t = x.x * 1.44269504;
    let k = round(t);
    return Scaled(vec2<f32>(exp2(t - k), 0.0), i32(k));
}

fn exponential_of(x: f32) -> f32 {
    return exp2(1.44269504 * clamp(x, -104.0, 89.0));
}

// 2^raise e^x for x <= 0.
fn raised_exponential(x: vec2<f32>, raise: f32) -> f32 {
    return exp2(1.44269504 * x.x + raise);
}

// e^x - 1 for |x| < 1/4.
fn expm1_near(x: vec2<f32>) -> vec2<f32> {
    let t = clamp(x.x, -0.25, 0.25);
    return vec2<f32>(t * t * (((0.00833560154 * t + 0.0417741835) * t + 0.166667119) * t + 0.499998361) + t, 0.0);
}

// e^x - 1 for x <= 0.
fn expm1_negative(x: vec2<f32>) -> vec2<f32> {
    let far = exp2(1.44269504 * max(x.x, -104.0)) - 1.0;
    return select(vec2<f32>(far, 0.0), expm1_near(x), x.x > -0.25);
}

fn precise_expm1_negative(x: vec2<f32>) -> vec2<f32> {
    return expm1_negative(x);
}

// e^x - 1 for x <= 200.
fn expm1_of(x: vec2<f32>) -> Scaled {
    let k = select(0, 128, x.x > 64.0);
    let far = exp2(1.44269504 * max(x.x, -104.0) - f32(k)) - select(1.0, 0.0, k > 0);
    return Scaled(select(vec2<f32>(far, 0.0), expm1_near(x), abs(x.x) < 0.25), k);
}

// ln(1 + e) for e in [0, 1].
fn log1p_unit(e: vec2<f32>) -> vec2<f32> {
    let p = ((((0.0144844344 * e.x - 0.0675533861) * e.x + 0.150714189) * e.x - 0.235966146) * e.x + 0.331374675) * e.x - 0.499905586;
    return vec2<f32>(e.x * e.x * p + e.x, 0.0);
}

// tanh(z): an odd polynomial near 0, elsewhere 1 - 2e/(1 + e) with e = e^(-2|z|).
fn tanh_of(z: vec2<f32>) -> vec2<f32> {
    let u = min(z.x * z.x, 0.0625);
    let near = z.x * u * (0.128755316 * u - 0.333245367) + z.x;
    let e = exp2(max(-2.88539008 * abs(z.x), -126.0));
    let far = 1.0 - 2.0 * (e / (1.0 + e));
    return vec2<f32>(select(select(far, -far, z.x < 0.0), near, abs(z.x) < 0.25), 0.0);
}

// Mills' ratio e^(a^2/2) Phi(-a) for a from 0 to 15, as t P(t) with t = 1/(1 + a/4).
fn mills_ratio(a: vec2<f32>) -> vec2<f32> {
    let t = 1.0 / (0.25 * a.x + 1.0);
    let p = (((((-0.0745108649 * t + 0.276845455) * t - 0.168283522) * t + 0.204106122) * t + 0.0570983998) * t + 0.105363108) * t + 0.0993828848;
    return vec2<f32>(t * p, 0.0);
}
