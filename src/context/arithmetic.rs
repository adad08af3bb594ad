//! What a device does where WGSL leaves the choice: nothing here depends on it, but measured errors may.

use crate::device::pipeline::{Access, Bound};
use crate::shader::part;
use crate::{Error, GpuActivations};

/// The choices of a device's f32 arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arithmetic {
    /// `fma` rounds once.
    pub fuses_fma: bool,
    /// A product and a sum that are written apart are rounded once.
    pub contracts: bool,
    /// `(a + b) - a` is taken for `b`.
    pub reassociates: bool,
    /// Results that are no normal numbers are kept, not flushed to zeros.
    pub keeps_subnormal_results: bool,
    /// Operands that are no normal numbers are kept.
    pub keeps_subnormal_operands: bool,
    /// Quotients are the nearest f32.
    pub divides_exactly: bool,
}

/// The first of the quotients' operands, as in `shaders/arithmetic.wgsl`.
const DIVIDENDS: usize = 8;
const QUOTIENTS: usize = 64;

fn operands() -> Vec<f32> {
    // 1 + 2^-12 squared has a bit more than a float; 2^-126, 2^-140; a sum in which half of 3 is lost.
    let unit = 1.0 + 2f32.powi(-12);
    let mut x = vec![unit, unit, unit * unit, f32::MIN_POSITIVE, f32::from_bits(1 << 9), 2f32.powi(24), 3.0, 0.0];
    x.extend((0..=QUOTIENTS).map(|i| 1.0 + ((i * i * 7919 + 17) % 9973) as f32 / 1013.0));
    x
}

impl GpuActivations {
    /// How the device computes, tried out at the first call.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Refused`], [`Error::DeviceLost`].
    pub fn arithmetic(&self) -> Result<Arithmetic, Error> {
        if let Some(known) = self.shared.arithmetic.get() {
            return Ok(*known);
        }
        let found = self.try_arithmetic()?;
        Ok(*self.shared.arithmetic.get_or_init(|| found))
    }

    fn try_arithmetic(&self) -> Result<Arithmetic, Error> {
        let x = operands();
        let on_device = self.upload(&x)?;
        let result = self.allocate::<f32>(x.len())?;
        let bound = [(0, Access::Read, on_device.raw()), (2, Access::Write, result.raw())];
        let bound = bound.map(|(number, access, buffer)| Bound { number, access, buffer, offset: 0, size: None });
        let dispatch =
            || self.shared.dispatch("arithmetic", &[part!("probes/arithmetic.wgsl")], "probe", &bound, vec![0; 4], 1);
        let dispatch = self.shared.checked(dispatch)?;
        self.batch(|recording| {
            recording.run(&[dispatch]);
            Ok(())
        })?;
        let result = self.download(&result)?;
        let exact = |i: usize| result[i] == x[i] / x[i + 1];
        Ok(Arithmetic {
            fuses_fma: result[0] != 0.0,
            contracts: result[1] != 0.0,
            reassociates: result[4] == x[6],
            keeps_subnormal_results: result[2] != 0.0,
            keeps_subnormal_operands: result[3] != 0.0,
            divides_exactly: (DIVIDENDS..DIVIDENDS + QUOTIENTS).all(exact),
        })
    }
}
