// Measures what WGSL leaves to the device; each result tells one choice. The operands come from memory, so that no
// compiler knows them.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(1)
fn probe() {
    // The rounding error of a product if it is fused with the sum, else 0.
    result[0] = fma(x[0], x[1], -x[2]);
    result[1] = x[0] * x[1] - x[2];
    // 2^-127; and 2^-40, from 2^-140.
    result[2] = x[3] * 0.5;
    result[3] = x[4] * 1.26765060e30;
    // (a + b) - a is b if the compiler simplifies as in mathematics.
    result[4] = (x[5] + x[6]) - x[5];
    for (var i = 0u; i < 64u; i++) {
        result[8u + i] = x[8u + i] / x[9u + i];
    }
}
