// One value of each parameter for all elements.

struct Call {
    zero: u32,
    tail_elements: u32,
    @align(16) params: Params,
}

@group(0) @binding(3) var<uniform> call: Call;

fn parameters() -> Params {
    return call.params;
}
