/// A shader's access to a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Access {
    Read,
    Write,
    Uniform,
}

/// The bindings of group 0.
pub(crate) mod numbers {
    pub(crate) const X: u32 = 0;
    pub(crate) const DY: u32 = 1;
    pub(crate) const RESULT: u32 = 2;
    pub(crate) const UNIFORM: u32 = 3;
    pub(crate) const MASK: u32 = 4;
    /// The second input of groupwise kernels, gates or the second half of a gradient; v of a double backward pass.
    pub(crate) const SECOND_INPUT: u32 = 5;
    /// Statistics of chunks, in rowwise kernels.
    pub(crate) const PARTIALS: u32 = 5;
    /// ddy of a double backward pass.
    pub(crate) const SECOND_RESULT: u32 = 6;
    /// Statistics of rows, as later dispatches read them.
    pub(crate) const STATISTICS: u32 = 6;
    /// Statistics of rows, as one dispatch writes them.
    pub(crate) const WHOLE_STATISTICS: u32 = 7;
    /// v of a double backward pass along an axis, or the part of it that belongs to values; there are no parameters.
    pub(crate) const TANGENT: u32 = 8;
    /// The sinks of rows, where there is no v.
    pub(crate) const SINKS: u32 = 8;
    /// The part of v that belongs to gates.
    pub(crate) const SECOND_TANGENT: u32 = 9;
    /// The first of the parameters in buffers.
    pub(crate) const FIRST_PARAMETER: u32 = 8;
}

/// The bindings besides those of the parameters, each with the names of shader variables bound there: for a test.
#[doc(hidden)]
pub const VARIABLES: &[(u32, &[&str])] = &[
    (numbers::X, &["x", "x_words"]),
    (numbers::DY, &["dy", "dy_words"]),
    (numbers::RESULT, &["result", "result_words", "gradients"]),
    (numbers::UNIFORM, &["uniforms"]),
    (numbers::MASK, &["mask"]),
    (numbers::SECOND_INPUT, &["second", "second_words", "v", "v_words", "partials"]),
    (numbers::STATISTICS, &["statistics", "second_result", "second_result_words"]),
    (numbers::WHOLE_STATISTICS, &["whole_statistics"]),
    (numbers::TANGENT, &["v", "v_words", "tangent_words", "sinks"]),
    (numbers::SECOND_TANGENT, &["second_tangent_words"]),
];
