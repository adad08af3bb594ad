// The result lies in a buffer that holds neither x nor dy.

@group(0) @binding(0) var<storage, read> x: array<Packed>;
@group(0) @binding(1) var<storage, read> dy: array<Packed>;
@group(0) @binding(2) var<storage, read_write> result: array<Packed>;
@group(0) @binding(0) var<storage, read> x_words: array<u32>;
@group(0) @binding(1) var<storage, read> dy_words: array<u32>;
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
