// One value of each parameter for all elements.

alias Site = u32;

fn site_of(element: u32) -> Site {
    return 0u;
}

fn next(site: Site) -> Site {
    return site;
}

fn parameters_at(site: Site) -> Params {
    return call.params;
}

fn input_at(x: f32, site: Site) -> f32 {
    return x;
}

fn gradient_at(dy: f32, slope: f32, site: Site) -> f32 {
    return dy * slope;
}

fn output_at(value: f32, site: Site) -> f32 {
    return value;
}
