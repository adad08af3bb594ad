//! Elementwise kernels.

use crate::catalog::{Definition, Order, source};
use crate::shader::compose::{Part, parts};
use crate::shader::form::DeviceForm;
use crate::shader::launch::LaunchShape;
use crate::shader::math::Math;
use crate::shader::parameters::{ParameterForm, function_parts};
use crate::shader::storage::{Aliasing, Storage};

/// What an elementwise kernel computes of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Pass {
    /// y, or dx = dy·f′(x): the entry points are `forward` and `backward`.
    Direct,
    /// f′(x) or f″(x): the entry point is `derivatives`.
    Derivative(Order),
    /// f″(x)·dy·v and f′(x)·v: the entry point is `double_backward`.
    DoubleBackward,
}

impl Pass {
    fn parts(self) -> Vec<Part> {
        let derivative = match self {
            Pass::Direct => return parts![source!("elementwise/kernels.wgsl")].into(),
            Pass::DoubleBackward => return parts![source!("elementwise/double_backward.wgsl")].into(),
            Pass::Derivative(Order::First) => "gradient_at(1.0, derivative(z, parameters_at(location)), location)",
            Pass::Derivative(Order::Second) => {
                "curvature_at(1.0, 1.0, second_derivative(z, parameters_at(location)), location)"
            }
        };
        let text = format!("fn derivative_at(z: f32, location: Location) -> f32 {{\n    return {derivative};\n}}\n");
        parts![Part::made("(order of the call)", text), source!("elementwise/derivatives.wgsl")].into()
    }
}

/// Each entry point of a pass has one beside it for the elements after the last whole vector, such as `forward_tail`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ElementwiseKernel {
    pub pass: Pass,
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
        all.push(source!("elementwise/vectors.wgsl").into());
        all.extend(self.pass.parts());
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
