// One value of each parameter for all elements.

alias Location = u32;

fn location_of(element: u32) -> Location {
    return 0u;
}

fn next(location: Location) -> Location {
    return location;
}

fn parameters_at(location: Location) -> Params {
    return uniforms.params;
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
