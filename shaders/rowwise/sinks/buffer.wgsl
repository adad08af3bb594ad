// A row's sink: a number that takes a share like an entry, and has no result. Rows of one channel share it.

const SINK: bool = true;

@group(0) @binding(8) var<storage, read> sinks: array<f32>;

fn sink_of(row: u32) -> f32 {
    return sinks[(uniforms.base_row + row) / uniforms.channel_length % uniforms.channels];
}
