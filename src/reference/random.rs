//! The CPU version of `shaders/random.wgsl`: the same operations, so the same bits.

/// The first word of Philox4x32-10 (Salmon et al. 2011).
fn philox(number: u64, seed: u64) -> u32 {
    let mut counter = [number as u32, (number >> 32) as u32, 0, 0];
    let mut key = [seed as u32, (seed >> 32) as u32];
    for _ in 0..10 {
        let left = 0xd251_1f53 * u64::from(counter[0]);
        let right = 0xcd9e_8d57 * u64::from(counter[2]);
        counter = [
            (right >> 32) as u32 ^ counter[1] ^ key[0],
            right as u32,
            (left >> 32) as u32 ^ counter[3] ^ key[1],
            left as u32,
        ];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter[0]
}

/// Uniform in [0, 1), in steps of 2⁻²⁴.
pub(super) fn uniform_number(number: u64, seed: u64) -> f32 {
    (philox(number, seed) >> 8) as f32 * 2f32.powi(-24)
}

#[allow(clippy::excessive_precision, reason = "the digits of the shader")]
fn repeatable_logarithm(x: f32) -> f32 {
    const P: [f32; 8] =
        [-0.116748087, 0.118886009, -0.124057554, 0.142195195, -0.16667986, 0.200021192, -0.25000009, 0.333333135];
    let bits = x.to_bits();
    let upper = bits & 0x7f_ffff > 0x35_04f3;
    let exponent = (bits >> 23) as i32 - 127 + i32::from(upper);
    let f = f32::from_bits(bits & 0x7f_ffff | if upper { 0x3f00_0000 } else { 0x3f80_0000 }) - 1.0;
    let p = P.iter().fold(0.0674455017, |p: f32, term| p * f + term);
    let square = f * f;
    let tail = square * f * p - 0.5 * square;
    let k = exponent as f32;
    (f + (tail + k * -2.12194440e-4)) + k * 0.693359375
}

/// A number from the standard Gumbel distribution.
pub(super) fn gumbel_number(number: u32, seed: u64) -> f32 {
    let u = uniform_number(number.into(), seed).max(2f32.powi(-25));
    -repeatable_logarithm(-repeatable_logarithm(u))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors for Philox4x32-10 that its authors publish in Random123.
    #[test]
    fn philox_agrees_with_published_vectors() {
        assert_eq!(philox(0, 0), 0x6627_e8d5);
    }

    #[test]
    fn noise_is_near_the_exact_one() {
        for number in 0..100_000 {
            let u = f64::from(uniform_number(number.into(), 3)).max(2f64.powi(-25));
            let exact = -(-u.ln()).ln();
            let error = (f64::from(gumbel_number(number, 3)) - exact).abs();
            assert!(error < 5e-7 * exact.abs().max(1.0), "{number}: {error} from {exact}");
        }
    }
}
