use crate::catalog::Accuracy;
use crate::shader::math::DeviceForm;

/// What a module is composed for, besides its function. By default it relies on nothing that WGSL leaves to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct ShaderOptions {
    /// The accuracy in f32.
    pub accuracy: Accuracy,
    /// The device rounds once in `fma`, as [`Arithmetic::fuses_fma`](crate::Arithmetic::fuses_fma) tells.
    pub fused: bool,
}

impl ShaderOptions {
    pub(crate) fn form(self) -> DeviceForm {
        DeviceForm { fuses_fma: self.fused, ..DeviceForm::PORTABLE }
    }
}
