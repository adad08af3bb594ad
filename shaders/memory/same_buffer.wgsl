// The result lies beside x or dy in the same buffer. All are bound for writing: wgpu refuses a buffer that is both
// read-only and writable in one dispatch, even for disjoint ranges.

@group(0) @binding(0) var<storage, read_write> x: array<Packed>;
@group(0) @binding(1) var<storage, read_write> dy: array<Packed>;
@group(0) @binding(2) var<storage, read_write> result: array<Packed>;
@group(0) @binding(0) var<storage, read_write> x_words: array<u32>;
@group(0) @binding(1) var<storage, read_write> dy_words: array<u32>;
@group(0) @binding(2) var<storage, read_write> result_words: array<u32>;

fn x_at(index: u32) -> Packed {
    return x[index];
}

fn dy_at(index: u32) -> Packed {
    return dy[index];
}

fn x_word_at(index: u32) -> u32 {
    return x_words[index];
}

fn dy_word_at(index: u32) -> u32 {
    return dy_words[index];
}
