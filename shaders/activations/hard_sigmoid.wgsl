struct Params {
    alpha: f32,
    beta: f32,
}

// alpha * x + beta with both rounding errors. It is infinite where the product is, and then far from [0, 1].
fn line(x: f32, params: Params) -> vec2<f32> {
    return precise_sum(product_with(x, params.alpha), vec2<f32>(params.beta, 0.0));
}

fn activation(x: f32, params: Params) -> f32 {
    let y = line(x, params);
    return select(select(0.0, 1.0, x > 0.0), clamp(y.x + y.y, 0.0, 1.0), is_finite(y.x));
}

// Whether 0 < alpha * x + beta < 1.
fn rises(x: f32, params: Params) -> bool {
    let y = line(x, params);
    var is_inside = y.x + y.y > 0.0 && (y.x - 1.0) + y.y < 0.0 && is_finite(y.x);
    // A product that vanishes still tells on which side of a kink x lies, if x = 0 lies on one. The sums are opaque,
    // because the unit squared is infinite.
    if (abs(params.beta) < 1e-20 || params.beta == 1.0) && abs(params.alpha * x) < 1e-22 {
        let unit = power_of_two(100);
        let raised = product_scaled(params.alpha, x, 200);
        let is_above = (raised.x + opaque(params.beta * unit) * unit) + raised.y > 0.0;
        let is_below = (raised.x + opaque((params.beta - 1.0) * unit) * unit) + raised.y < 0.0;
        is_inside = is_above && is_below;
    }
    return is_inside;
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(0.0, params.alpha, rises(x, params));
}

// x in a unit of its own: the lower half of a tiny x may be flushed where its product with dy is not tiny.
fn gradient_by_alpha(x: f32, params: Params) -> Gradient {
    let k = exponent_of(x);
    return Gradient(select(0.0, x * power_of_two(-k), rises(x, params)), k);
}

fn gradient_by_beta(x: f32, params: Params) -> Gradient {
    return Gradient(select(0.0, 1.0, rises(x, params)), 0);
}
