// The result overwrites dy. x may lie beside dy in the same buffer, so it is bound for writing, too. wgpu refuses a
// buffer that is both read-only and writable in one dispatch, even for disjoint ranges.

@group(0) @binding(0) var<storage, read_write> x: array<Packed>;
@group(0) @binding(2) var<storage, read_write> result: array<Packed>;
@group(0) @binding(0) var<storage, read_write> x_words: array<u32>;
@group(0) @binding(2) var<storage, read_write> result_words: array<u32>;

fn x_at(index: u32) -> Packed {
    return x[index];
}

fn dy_at(index: u32) -> Packed {
    return result[index];
}

fn x_word_at(index: u32) -> u32 {
    return x_words[index];
}

fn dy_word_at(index: u32) -> u32 {
    return result_words[index];
}
