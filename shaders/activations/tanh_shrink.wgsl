// The difference cancels near 0. There it is x^3 (1/3 - x^2 P(x^2)), a minimax fit, with 1/3 in two parts. A small x is
// taken in another unit, because two_product leaves out the errors of tiny products.
fn activation(x: f32, params: Params) -> f32 {
    let a = abs(x);
    let c = min(a, 0.6);
    let small = a < 1e-8;
    let t = c * select(1.0, 1073741824.0, small);
    let u = c * c;
    let p = (((0.00238914252 * u - 0.00842820853) * u + 0.0217948072) * u - 0.0539625585) * u + 0.133333191;
    let third = fast_two_sum(0.333333343, -u * p);
    let factor = multiply(two_product(t, t), vec2<f32>(third.x, opaque(third.y) - 9.934108e-9));
    let cube = multiply(factor, vec2<f32>(t, 0.0));
    let near = (cube.x + cube.y) * select(1.0, 8.0779356694631609e-28, small);
    let far = add(vec2<f32>(a, 0.0), -tanh_of(vec2<f32>(a, 0.0)));
    let y = select(select(far.x + far.y, near, a < 0.6), a, a > 1e30);
    return select(y, -y, x < 0.0);
}

// A polynomial that reaches farther, to where the difference does not cancel.
fn activation_plain(x: f32, params: Params) -> f32 {
    let a = abs(x);
    let c = min(a, 1.5);
    let u = c * c;
    let p = ((((((((-2.99903809e-06 * u + 4.09965724e-05) * u - 0.00026064043) * u + 0.00106032868) * u - 0.00327096111) * u + 0.00869865716) * u - 0.021821579) * u + 0.0539618619) * u - 0.133333161) * u + 0.333333343;
    let near = c * c * p * c;
    let y = select(a - tanh_of(vec2<f32>(a, 0.0)).x, near, a < 1.5);
    return select(y, -y, x < 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    let t = tanh_of(vec2<f32>(x, 0.0));
    let y = multiply(t, t);
    return y.x + y.y;
}

fn second_derivative(x: f32, params: Params) -> Scaled {
    let y = tanh_curvature(vec2<f32>(clamp(x, -60.0, 60.0), 0.0));
    return Scaled(-y.value, y.k);
}
