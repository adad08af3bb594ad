// A slope for each element, uniform in [lower, upper), drawn from the seed and the element's index.

// The index of an element within the whole array, the lower word first.
alias Location = vec2<u32>;

fn location_of(element: u32) -> Location {
    let low = uniforms.first_element + element;
    return Location(low, uniforms.first_element_high + u32(low < element));
}

fn next(location: Location) -> Location {
    return Location(location.x + 1u, location.y + u32(location.x == 0xffffffffu));
}

fn parameters_at(location: Location) -> Params {
    let span = two_sum(uniforms.params.upper, -uniforms.params.lower);
    let above = multiply(span, vec2<f32>(uniform_number(location, uniforms.seed), 0.0));
    let slope = add(above, vec2<f32>(uniforms.params.lower, 0.0));
    return Params(slope.x + slope.y, slope.x + slope.y);
}

fn input_at(x: f32, location: Location) -> f32 {
    return x;
}

fn gradient_at(dy: f32, slope: f32, location: Location) -> f32 {
    return dy * slope;
}

fn output_at(value: f32, before: f32, location: Location) -> f32 {
    return value;
}

fn curvature_at(dy: f32, v: f32, curvature: Scaled, location: Location) -> f32 {
    return product_with_scaled(dy, v, vanished(curvature));
}
