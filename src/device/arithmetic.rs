/// The choices of a device's f32 arithmetic that WGSL leaves open. No function depends on them, but measured errors
/// may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arithmetic {
    /// `fma` rounds once.
    pub fuses_fma: bool,
    /// A separate product and sum are rounded once.
    pub contracts: bool,
    /// `(a + b) - a` is replaced by `b`.
    pub reassociates: bool,
    /// Subnormal results are kept, not flushed to zeros.
    pub keeps_subnormal_results: bool,
    /// Subnormal operands are kept.
    pub keeps_subnormal_operands: bool,
    /// Quotients are rounded to nearest.
    pub divides_exactly: bool,
    /// The device has the type f16 ([`wgpu::Features::SHADER_F16`]), and `unpack2x16float` is exact.
    pub unpacks_f16: bool,
    /// The device has the type f16, and `pack2x16float` rounds to nearest, ties to even.
    pub packs_f16: bool,
    /// The device has the type f16, and conversion to it rounds to nearest, ties to even.
    pub converts_f16: bool,
}

/// The index of the first dividend, as in `shaders/probes/arithmetic.wgsl`.
const DIVIDENDS: usize = 8;
const QUOTIENTS: usize = 64;

impl Arithmetic {
    /// What GPUs commonly do: they fuse, flush, and divide by a rounded inverse.
    pub(crate) const OF_GPUS: Arithmetic = Arithmetic {
        fuses_fma: true,
        contracts: true,
        reassociates: true,
        keeps_subnormal_results: false,
        keeps_subnormal_operands: false,
        divides_exactly: false,
        unpacks_f16: true,
        packs_f16: false,
        converts_f16: true,
    };

    /// The operands of the probe.
    pub(crate) fn operands() -> Vec<f32> {
        // 1 + 2^-12, whose square has a bit more than a float; 2^-126 and 2^-140; a sum that loses half of 3.
        let unit = 1.0 + 2f32.powi(-12);
        let mut x = vec![unit, unit, unit * unit, f32::MIN_POSITIVE, f32::from_bits(1 << 9), 2f32.powi(24), 3.0, 0.0];
        x.extend((0..=QUOTIENTS).map(|i| 1.0 + ((i * i * 7919 + 17) % 9973) as f32 / 1013.0));
        x
    }

    /// Interprets the results of the probe.
    pub(crate) fn of(x: &[f32], result: &[f32], f16_differences: &[u32]) -> Arithmetic {
        let exact = |i: usize| result[i] == x[i] / x[i + 1];
        Arithmetic {
            fuses_fma: result[0] != 0.0,
            contracts: result[1] != 0.0,
            reassociates: result[4] == x[6],
            keeps_subnormal_results: result[2] != 0.0,
            keeps_subnormal_operands: result[3] != 0.0,
            divides_exactly: (DIVIDENDS..DIVIDENDS + QUOTIENTS).all(exact),
            unpacks_f16: f16_differences[0] == 0,
            packs_f16: f16_differences[1] == 0,
            converts_f16: f16_differences[2] == 0,
        }
    }
}
