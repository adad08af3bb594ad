// The uniform of elementwise kernels. The bindings begin at channel `first_channel`, after `first_within` elements of
// it. Parameters that differ from element to element need both.
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
