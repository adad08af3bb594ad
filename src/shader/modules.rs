//! Modules to look at, and to run without a context.

use crate::catalog::{Activation, AxisFunction, Kernels, Order};
use crate::error::Error;
use crate::shader::compose::Shader;
use crate::shader::elementwise::{ElementwiseKernel, Pass};
use crate::shader::groupwise::{Fours, GroupwiseKernel};
use crate::shader::kernel::Kernel;
use crate::shader::launch::LaunchShape;
use crate::shader::math::Math;
use crate::shader::options::ShaderOptions;
use crate::shader::parameters::ParameterForm;
use crate::shader::rowwise::{AlongPass, Masking, Orientation, RowStatistics, RowwiseKernel, Stage, Team};
use crate::shader::storage::{Aliasing, Direction, Storage};

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
        Shader::of_pass(Pass::Direct, activation, storage, aliasing, options)
    }

    /// Composes the module of an activation's first or second derivative at each element. Its entry points are `derivatives`
    /// and `derivatives_tail`.
    ///
    /// ```
    /// use gpu_activations::shader::{Shader, ShaderOptions, Storage};
    /// use gpu_activations::{Activation, Order};
    /// let shader = Shader::derivative(&Activation::Gelu, Order::Second, Storage::F32, ShaderOptions::default())?;
    /// assert!(shader.source().contains("fn derivatives("));
    /// # Ok::<(), gpu_activations::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotDeclared`] for the second derivative of WGSL text that has none.
    pub fn derivative(
        activation: &Activation,
        order: Order,
        storage: Storage,
        options: ShaderOptions,
    ) -> Result<Shader, Error> {
        if order == Order::Second {
            activation.check_second_derivative()?;
        }
        Ok(Shader::of_pass(Pass::Derivative(order), activation, storage, Aliasing::Separate, options))
    }

    /// Composes the module of an activation's double backward pass. Its entry points are `double_backward` and
    /// `double_backward_tail`.
    ///
    /// # Errors
    /// As [`Shader::derivative`].
    pub fn double_backward(activation: &Activation, storage: Storage, options: ShaderOptions) -> Result<Shader, Error> {
        activation.check_second_derivative()?;
        Ok(Shader::of_pass(Pass::DoubleBackward, activation, storage, Aliasing::Separate, options))
    }

    fn of_pass(
        pass: Pass,
        activation: &Activation,
        storage: Storage,
        aliasing: Aliasing,
        options: ShaderOptions,
    ) -> Shader {
        let kernel = ElementwiseKernel {
            pass,
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
        Shader::of_along_pass(direction.into(), function, storage, options)
    }

    /// Composes the module of dx in the double backward pass of a function along the last axis, as [`Shader::along`] does. For
    /// gated units it also has the entry point of ddy, `tangent`. For softmax, softmin and quiet_softmax ddy is what the module
    /// of the gradient gives with v in place of dy. For log_softmax it is v less the mean of v that softmax weighs.
    ///
    /// # Errors
    /// - [`Error::NoDoubleBackward`];
    /// - [`Error::NotDeclared`] for a gate of WGSL text without a second derivative.
    pub fn double_backward_along(
        function: &AxisFunction,
        storage: Storage,
        options: ShaderOptions,
    ) -> Result<(Shader, &'static str), Error> {
        function.check_double_backward()?;
        if let Some(activation) = function.activation() {
            activation.check_second_derivative()?;
        }
        Ok(Shader::of_along_pass(AlongPass::DoubleBackward, function, storage, options))
    }

    fn of_along_pass(
        pass: AlongPass,
        function: &AxisFunction,
        storage: Storage,
        options: ShaderOptions,
    ) -> (Shader, &'static str) {
        let kernels = match &function.definition().kernels {
            Kernels::Rowwise(kernels) => kernels,
            Kernels::Groupwise { part, .. } => {
                let twice = pass == AlongPass::DoubleBackward;
                let kernel = GroupwiseKernel {
                    source: *part,
                    pairs: None,
                    twice,
                    activation: function.activation().map(|activation| activation.definition()),
                    limited: function.is_limited(),
                    math: Math::of(storage, options.accuracy),
                    storage,
                    fours: if twice { Fours::Words } else { Fours::Vectors },
                };
                return (Kernel::Groupwise(kernel).compose(options.form()), pass.of_groups());
            }
        };
        let stage = match pass {
            AlongPass::Forward if kernels.reduces => Stage::Statistics,
            _ => Stage::Fused,
        };
        let tempered = function.is_tempered();
        let kernel = RowwiseKernel {
            statistics: RowStatistics::Function { kernels, pass, tempered, counted: false, sink: false },
            storage,
            aliasing: Aliasing::Separate,
            orientation: Orientation::Rows,
            whole_vectors: true,
            masking: Masking::None,
            team: Team::Invocation,
            stage,
        };
        (Kernel::Rowwise(kernel).compose(options.form()), stage.entry_point())
    }
}
