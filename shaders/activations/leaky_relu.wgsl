struct Params {
    negative_slope: f32,
}

// A slope of 0 gives 0 at -infinity too, where the product would be NaN.
fn activation(x: f32, params: Params) -> f32 {
    let below = params.negative_slope * select(x, 0.0, params.negative_slope == 0.0);
    return select(below, x, x > 0.0);
}

fn derivative(x: f32, params: Params) -> f32 {
    return select(params.negative_slope, 1.0, x > 0.0);
}
