use crate::catalog::Accuracy;
use crate::shader::form::{DeviceForm, Packing, Unpacking};

/// What a module is composed for, besides its function. By default it relies on nothing that WGSL leaves to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct ShaderOptions {
    /// The accuracy in f32.
    pub accuracy: Accuracy,
    /// The device rounds once in `fma`, as [`Arithmetic::fuses_fma`](crate::Arithmetic::fuses_fma) tells.
    pub fused: bool,
    /// The device converts binary16 right, as [`Arithmetic::unpacks_f16`](crate::Arithmetic::unpacks_f16) and
    /// [`Arithmetic::converts_f16`](crate::Arithmetic::converts_f16) tell. The module enables the type f16.
    pub native_f16: bool,
}

impl ShaderOptions {
    pub(crate) fn form(self) -> DeviceForm {
        let portable = DeviceForm { fuses_fma: self.fused, ..DeviceForm::PORTABLE };
        match self.native_f16 {
            true => DeviceForm { unpacking: Unpacking::Builtin, packing: Packing::Type, ..portable },
            false => portable,
        }
    }
}
