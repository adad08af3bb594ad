// Rows without a sink.

const SINK: bool = false;

fn sink_of(row: u32) -> f32 {
    return 0.0;
}
