// The result overwrites dy. x is bound for writing too, because it may lie in the same buffer, beside dy, and wgpu
// counts a buffer that is both read-only and writable in one dispatch as a conflict, whatever the ranges.

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
