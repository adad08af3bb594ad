// A slope for each element, uniform in [lower, upper), of a number that depends on the seed and the element's index.

// The number of an element within the whole array, the lower word first.
alias Site = vec2<u32>;

fn site_of(element: u32) -> Site {
    let low = call.first_element + element;
    return Site(low, call.first_element_high + u32(low < element));
}

fn next(site: Site) -> Site {
    return Site(site.x + 1u, site.y + u32(site.x == 0xffffffffu));
}

fn parameters_at(site: Site) -> Params {
    let span = two_sum(call.params.upper, -call.params.lower);
    let above = multiply(span, vec2<f32>(uniform_number(site, call.seed), 0.0));
    let slope = add(above, vec2<f32>(call.params.lower, 0.0));
    return Params(slope.x + slope.y, slope.x + slope.y);
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
