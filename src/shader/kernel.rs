use crate::catalog::{Activation, AxisFunction, Definition, Kernels, source};
use crate::shader::binding::Access;
use crate::shader::compose::{Part, Shader, parts};
use crate::shader::elementwise::{ElementwiseKernel, GradientKernel, Pass};
use crate::shader::form::{DeviceForm, Packing};
use crate::shader::groupwise::{Fours, GroupwiseKernel};
use crate::shader::launch::LaunchShape;
use crate::shader::math::Math;
use crate::shader::options::ShaderOptions;
use crate::shader::parameters::ParameterForm;
use crate::shader::rowwise::{Orientation, RowStatistics, RowwiseKernel, Stage, Team};
use crate::shader::storage::{Aliasing, Direction, Storage};
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

impl Shader {
    /// Composes the module of an activation. Its entry points are `forward`, `backward`, `forward_tail` and
    /// `backward_tail`.
    ///
    /// ```
    /// use gpu_activations::Activation;
    /// use gpu_activations::shader::{Aliasing, Shader, Storage};
    /// let shader = Shader::elementwise(&Activation::Gelu, Storage::F32, Aliasing::Separate);
    /// assert!(shader.source().contains("fn forward("));
    /// ```
    #[must_use]
    pub fn elementwise(activation: &Activation, storage: Storage, aliasing: Aliasing) -> Shader {
        Shader::elementwise_with(activation, storage, aliasing, ShaderOptions::default())
    }

    /// As [`Shader::elementwise`], for an accuracy and a device.
    #[must_use]
    pub fn elementwise_with(
        activation: &Activation,
        storage: Storage,
        aliasing: Aliasing,
        options: ShaderOptions,
    ) -> Shader {
        let kernel = ElementwiseKernel {
            pass: Pass::Direct,
            definition: activation.definition(),
            math: Math::of(storage, options.accuracy),
            storage,
            aliasing,
            parameters: ParameterForm::Constant,
            launch: LaunchShape::PORTABLE,
        };
        Kernel::Elementwise(kernel).compose(options.form())
    }

    /// Composes the module of a function along the last axis in its simplest form, one invocation a row. Also returns
    /// the entry point of the direction. If the axis gets length 1, that entry point computes the statistics of the
    /// rows. In another dispatch `rowwise/kernels/write_reduced.wgsl` turns them into results.
    ///
    /// ```
    /// use gpu_activations::shader::{Shader, Storage};
    /// use gpu_activations::{AxisFunction, Direction};
    /// let softmax: AxisFunction = "softmax".parse()?;
    /// let (shader, entry_point) = Shader::along(&softmax, Storage::F16, Direction::Forward);
    /// assert!(shader.source().contains(&format!("fn {entry_point}(")));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    #[must_use]
    pub fn along(function: &AxisFunction, storage: Storage, direction: Direction) -> (Shader, &'static str) {
        Shader::along_with(function, storage, direction, ShaderOptions::default())
    }

    /// As [`Shader::along`], for an accuracy and a device.
    #[must_use]
    pub fn along_with(
        function: &AxisFunction,
        storage: Storage,
        direction: Direction,
        options: ShaderOptions,
    ) -> (Shader, &'static str) {
        let kernels = match &function.definition().kernels {
            Kernels::Rowwise(kernels) => kernels,
            Kernels::Groupwise { part, .. } => {
                let activation = function.activation().map(|activation| activation.definition());
                let kernel = GroupwiseKernel {
                    source: *part,
                    pairs: None,
                    twice: false,
                    activation,
                    limited: function.is_limited(),
                    math: Math::of(storage, options.accuracy),
                    storage,
                    fours: Fours::Vectors,
                };
                return (Kernel::Groupwise(kernel).compose(options.form()), direction.name());
            }
        };
        let stage = match direction {
            Direction::Forward if kernels.reduces => Stage::Statistics,
            Direction::Forward | Direction::Backward => Stage::Fused,
        };
        let tempered = function.is_tempered();
        let kernel = RowwiseKernel {
            statistics: RowStatistics::Function {
                kernels,
                pass: direction.into(),
                tempered,
                counted: false,
                sink: false,
            },
            storage,
            aliasing: Aliasing::Separate,
            orientation: Orientation::Rows,
            whole_vectors: true,
            masked: false,
            team: Team::Invocation,
            stage,
        };
        (Kernel::Rowwise(kernel).compose(options.form()), stage.entry_point())
    }
}
