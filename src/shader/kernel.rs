use crate::catalog::{Definition, source};
use crate::shader::binding::Access;
use crate::shader::compose::{Part, Shader, parts};
use crate::shader::elementwise::{ElementwiseKernel, GradientKernel};
use crate::shader::form::{DeviceForm, Packing};
use crate::shader::groupwise::GroupwiseKernel;
use crate::shader::launch::LaunchShape;
use crate::shader::rowwise::{RowStatistics, RowwiseKernel, Stage};
use crate::shader::storage::Storage;
use crate::shader::uniform::{CopyUniform, ElementwiseUniform, GroupwiseUniform, Member, RowwiseUniform};

/// The input of a module's composition. Equal kernels have equal text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Kernel {
    Elementwise(ElementwiseKernel),
    Gradient(GradientKernel),
    Rowwise(RowwiseKernel),
    Groupwise(GroupwiseKernel),
    /// The copy that throughput is compared with.
    #[cfg_attr(not(feature = "bench"), expect(dead_code, reason = "only measurements copy"))]
    Copy(LaunchShape),
    /// The probe of what WGSL leaves to the device.
    Arithmetic,
    /// The probe of the device's own conversions of binary16.
    F16Conversions,
}

impl Kernel {
    pub(crate) fn compose(&self, form: DeviceForm) -> Shader {
        let mut parts = self.parts(form);
        if self.has_f16_type(form) {
            // A directive stands before everything else.
            parts.insert(0, Part::made("(directives)", "enable f16;\n".to_owned()));
        }
        Shader::compose(&parts)
    }

    fn parts(&self, form: DeviceForm) -> Vec<Part> {
        match self {
            Kernel::Elementwise(kernel) => kernel.parts(form),
            Kernel::Gradient(kernel) => kernel.parts(form),
            Kernel::Rowwise(kernel) => kernel.parts(form),
            Kernel::Groupwise(kernel) => kernel.parts(form),
            Kernel::Copy(launch) => parts![launch.part(), source!("probes/copy.wgsl")].into(),
            Kernel::Arithmetic => parts![source!("probes/arithmetic.wgsl")].into(),
            Kernel::F16Conversions => {
                let mut all = Storage::F16.parts(DeviceForm::PORTABLE);
                all.push(source!("probes/f16.wgsl").into());
                all
            }
        }
    }

    /// Whether all of the text is this crate's own.
    pub(crate) fn is_trusted(&self) -> bool {
        let definition = match self {
            Kernel::Elementwise(kernel) => Some(kernel.definition),
            Kernel::Gradient(kernel) => Some(kernel.definition),
            Kernel::Rowwise(RowwiseKernel { statistics: RowStatistics::Gradient { definition, .. }, .. }) => {
                Some(*definition)
            }
            Kernel::Groupwise(kernel) => kernel.activation,
            Kernel::Rowwise(_) | Kernel::Copy(_) | Kernel::Arithmetic | Kernel::F16Conversions => None,
        };
        definition.is_none_or(Definition::is_trusted)
    }

    /// Whether the module uses the type f16.
    fn has_f16_type(&self, form: DeviceForm) -> bool {
        let storage = match self {
            Kernel::Elementwise(kernel) => kernel.storage,
            Kernel::Gradient(kernel) => kernel.storage,
            Kernel::Rowwise(kernel) => kernel.storage,
            Kernel::Groupwise(kernel) => kernel.storage,
            Kernel::F16Conversions => return true,
            Kernel::Copy(_) | Kernel::Arithmetic => return false,
        };
        storage == Storage::F16 && form.packing == Packing::Type
    }

    /// Bytes from one row's statistics to the next, in kernels that have such.
    fn statistics_bytes(&self) -> Option<u64> {
        let Kernel::Rowwise(kernel) = self else { return None };
        Some(kernel.statistics.bytes())
    }

    /// The elements that the code of an invocation handles, loops taken once.
    fn elements(&self) -> u64 {
        match self {
            Kernel::Elementwise(kernel) => 4 * u64::from(kernel.launch.vectors),
            Kernel::Rowwise(RowwiseKernel {
                stage: Stage::FusedHeld(held, _) | Stage::StatisticsHeld(held, _),
                ..
            }) => 4 * held.blocks,
            Kernel::Groupwise(kernel) if kernel.pairs.is_some() => 8,
            Kernel::Rowwise(_) | Kernel::Gradient(_) | Kernel::Groupwise(_) => 4,
            Kernel::Copy(launch) => 4 * u64::from(launch.vectors),
            Kernel::Arithmetic | Kernel::F16Conversions => 1,
        }
    }

    /// The members of the uniform, except the parameters that follow.
    fn uniform(&self) -> &'static [Member] {
        match self {
            Kernel::Elementwise(_) | Kernel::Gradient(_) => ElementwiseUniform::MEMBERS,
            Kernel::Rowwise(_) => RowwiseUniform::MEMBERS,
            Kernel::Groupwise(_) => GroupwiseUniform::MEMBERS,
            Kernel::Copy(_) => CopyUniform::MEMBERS,
            Kernel::Arithmetic | Kernel::F16Conversions => &[],
        }
    }
}

/// A module before compilation, and what the host binds to it: for tests.
#[doc(hidden)]
#[derive(Debug)]
#[non_exhaustive]
pub struct ComposedModule<'a> {
    pub text: &'a str,
    pub entry_point: &'static str,
    /// Each binding of group 0, and whether it may be written; none for a uniform.
    pub bindings: Vec<(u32, Option<bool>)>,
    /// The members of the uniform, except the parameters that follow.
    pub uniform: &'static [Member],
    /// Bytes from one row's statistics to the next.
    pub statistics_bytes: Option<u64>,
    /// The elements that the code of an invocation handles, loops taken once.
    pub elements: u64,
}

impl<'a> ComposedModule<'a> {
    pub(crate) fn new(text: &'a str, entry_point: &'static str, bindings: &[(u32, Access)], kernel: &Kernel) -> Self {
        let written = |access| match access {
            Access::Read => Some(false),
            Access::Write => Some(true),
            Access::Uniform => None,
        };
        let bindings = bindings.iter().map(|&(number, access)| (number, written(access))).collect();
        let (uniform, statistics_bytes) = (kernel.uniform(), kernel.statistics_bytes());
        ComposedModule { text, entry_point, bindings, uniform, statistics_bytes, elements: kernel.elements() }
    }
}
