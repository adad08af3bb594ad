//! Elementwise kernels.

use crate::catalog::{Definition, source};
use crate::shader::compose::{Part, parts};
use crate::shader::form::DeviceForm;
use crate::shader::launch::LaunchShape;
use crate::shader::math::Math;
use crate::shader::parameters::{ParameterForm, function_parts};
use crate::shader::storage::{Aliasing, Storage};

/// A function and its derivative, with the entry points `forward`, `backward`, `forward_tail` and `backward_tail`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ElementwiseKernel {
    pub definition: &'static Definition,
    pub math: Math,
    pub storage: Storage,
    pub aliasing: Aliasing,
    pub parameters: ParameterForm,
    pub launch: LaunchShape,
}

impl ElementwiseKernel {
    pub(crate) fn parts(&self, form: DeviceForm) -> Vec<Part> {
        let over_addend = format!("const OVER_ADDEND: bool = {};\n", self.parameters.is_over_addend());
        let mut all = function_parts(self.definition, self.math);
        all.push(self.launch.part());
        all.extend(self.math.parts(form));
        all.extend(self.storage.parts(form));
        all.push(source!("elementwise/uniform.wgsl").into());
        all.extend(self.parameters.parts(self.definition));
        all.extend(parts![self.aliasing.source(), Part::made("(addend of the call)", over_addend)]);
        all.push(source!("elementwise/kernels.wgsl").into());
        all
    }
}

/// The gradient of a parameter with a value for each element; the entry point is `gradient`. Gradients of parameters are
/// f32 and of the highest accuracy, whatever the storage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GradientKernel {
    pub definition: &'static Definition,
    pub parameter: &'static str,
    pub storage: Storage,
    pub parameters: ParameterForm,
}

impl GradientKernel {
    pub(crate) fn parts(&self, form: DeviceForm) -> Vec<Part> {
        let mut all = function_parts(self.definition, Math::Highest);
        all.extend(Math::Highest.parts(form));
        all.push(self.parameters.term(self.parameter));
        all.extend(self.storage.parts(form));
        all.push(source!("elementwise/uniform.wgsl").into());
        all.extend(self.parameters.parts(self.definition));
        all.extend(parts![
            Aliasing::Separate.source(),
            source!("memory/elements.wgsl"),
            source!("parameters/gradient_per_element.wgsl"),
        ]);
        all
    }
}
