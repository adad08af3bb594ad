// Where the bindings begin within the whole array matters to parameters that differ from element to element: there is
// channel `first_channel`, with `first_within` elements of it before.
struct ElementwiseUniform {
    tail_elements: u32,
    first_element: u32,
    first_element_high: u32,
    channels: u32,
    channel_length: u32,
    first_channel: u32,
    first_within: u32,
    seed: vec2<u32>,
    @align(16) params: Params,
}

@group(0) @binding(3) var<uniform> uniforms: ElementwiseUniform;
