/// What can go wrong: with names and parameters, with shapes, with operands, with the device. Every message names both
/// sides.
///
/// `Debug` gives the message, too, because it is what a `main` that returns the error prints.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Names and text.
    /// No function has this name or alias.
    #[error("there is no function named {name:?}; the nearest are {}", .nearest.join(", "))]
    UnknownName {
        /// What was asked for.
        name: String,
        /// The known names most like it, the nearest first.
        nearest: Vec<&'static str>,
    },
    /// A name has a prefix of no library.
    #[error("{text:?}: the libraries are {}, each followed by a colon and a name", .libraries.join(", "))]
    UnknownLibrary {
        /// What was asked for.
        text: String,
        /// The prefixes.
        libraries: Vec<&'static str>,
    },
    /// A library has no activation of this name.
    #[error("{library} has no activation named {name:?}; the nearest are {}", .nearest.join(", "))]
    UnknownInLibrary {
        /// The library.
        library: &'static str,
        /// The name without its prefix.
        name: String,
        /// The library's names most like it, the nearest first.
        nearest: Vec<&'static str>,
    },
    /// A library's name means something that is not in this catalogue.
    #[error("{name} is not in this catalogue: {reason}")]
    NotInCatalogue {
        /// The name with its prefix.
        name: String,
        /// What it is.
        reason: &'static str,
    },
    /// A parameter that has no default in its library is missing.
    #[error("{name} has no default for {parameter}; write {name}({parameter}=VALUE)")]
    ParameterMissing {
        /// The name with its prefix.
        name: String,
        /// The parameter, by the library's name.
        parameter: &'static str,
    },
    /// A function has this name, but of the other kind: along an axis, or elementwise.
    #[error("{}", other_kind(.function, *.along_axis))]
    OtherKind {
        /// The function.
        function: &'static str,
        /// Whether it works along an axis.
        along_axis: bool,
    },
    /// A text is no function with its parameters.
    #[error("{text:?} is no function; it must have the form NAME or NAME(KEY=VALUE, ...)")]
    MalformedFunction {
        /// The text.
        text: String,
    },

    /// A formula cannot be read.
    #[error("column {column} of the formula: found {found}, expected {expected}")]
    Formula {
        /// The column, from 1.
        column: usize,
        /// What stands there.
        found: String,
        /// What could stand there.
        expected: String,
    },
    /// A parameter of a formula has no value.
    #[error(
        "the formula's parameter {parameter} has no value; write `; {parameter} = VALUE` after the expression, or give one"
    )]
    FormulaParameter {
        /// The parameter.
        parameter: String,
    },
    /// A formula is larger than what compiles in reasonable time.
    #[error("the formula has more than {limit} {what}")]
    FormulaTooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The most there may be.
        limit: usize,
    },
    /// A function of one's own lacks what an operation needs.
    #[error("{function}: {what}")]
    NotDeclared {
        /// The function.
        function: &'static str,
        /// What it lacks, and what follows.
        what: &'static str,
    },

    // Parameters.
    /// The function has no such parameter.
    #[error("{function} has no parameter {parameter:?}; it has {}{advice}", names(.known))]
    UnknownParameter {
        /// The activation.
        function: &'static str,
        /// What was asked for.
        parameter: String,
        /// The parameters it has.
        known: Vec<&'static str>,
        /// Where to find what other libraries have as a parameter; often empty.
        advice: &'static str,
    },
    /// A parameter was given twice.
    #[error("{function}: {parameter} is given twice")]
    GivenTwice {
        /// The function.
        function: String,
        /// The parameter.
        parameter: String,
    },
    /// A parameter's value lies outside its valid range.
    #[error("{function}: {parameter} is {}, but must be {range}", number(*.value))]
    ParameterOutOfRange {
        /// The activation.
        function: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The value given.
        value: f32,
        /// The valid values, in words.
        range: String,
    },
    /// A parameter's value is none that it may have.
    #[error("{function}: {parameter} is {}, but must be {valid}", shortened(.value))]
    InvalidValue {
        /// The function.
        function: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The value given.
        value: String,
        /// The valid values, in words.
        valid: String,
    },
    /// A parameter that is a constant cannot come from a buffer, and has no gradient.
    #[error("{function}: {parameter} is not learnable{}", others(.learnable))]
    NotLearnable {
        /// The function.
        function: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The parameters of the function that are.
        learnable: Vec<&'static str>,
    },
    /// Slopes are drawn where there are no parameters from buffers.
    #[error("{function}: {parameter}, from a buffer or as a gradient, and a seed exclude each other")]
    NotWithSeed {
        /// The function.
        function: &'static str,
        /// The parameter.
        parameter: &'static str,
    },
    /// A seed was given to a function that draws nothing.
    #[error("{function} takes no seed; rrelu does")]
    NotRandom {
        /// The function.
        function: &'static str,
    },

    // Shapes.
    /// An array has no such axis.
    #[error("axis {axis} is out of range for the shape {}{}", tuple(.shape), axes(.shape.len()))]
    AxisOutOfRange {
        /// The axis asked for.
        axis: isize,
        /// The array's shape.
        shape: Vec<usize>,
    },
    /// An array is too large for work along an axis, whose elements shaders count in 32 bits.
    #[error("the shape {} has more than {}", tuple(.shape), counted(*.limit as u64, "element"))]
    TooManyElements {
        /// The array's shape.
        shape: Vec<usize>,
        /// The most elements there may be.
        limit: usize,
    },
    /// An axis cannot be divided as a function needs it.
    #[error("{function} needs an even division: axis {axis} of the shape {} is {length} long, no multiple of {divisor}", tuple(.shape))]
    IndivisibleAxis {
        /// The function.
        function: &'static str,
        /// The array's shape.
        shape: Vec<usize>,
        /// The axis.
        axis: usize,
        /// The axis' length.
        length: usize,
        /// What the length must be a multiple of.
        divisor: usize,
    },
    /// A parameter has another number of values than the axis has channels.
    #[error("{parameter} has {}, axis {axis} of the shape {} has {}", counted(*.values, "value"), tuple(.shape), counted(channels(.shape, *.axis), "channel"))]
    ChannelMismatch {
        /// The parameter.
        parameter: &'static str,
        /// How many values it has.
        values: u64,
        /// The axis of the channels.
        axis: usize,
        /// The shape of x.
        shape: Vec<usize>,
    },
    /// Two parameters of one function run along different axes.
    #[error("one parameter runs along axis {left_axis} of the shape {}, another along axis {right_axis} of {}", tuple(.left), tuple(.right))]
    ChannelsDiffer {
        /// One shape.
        left: Vec<usize>,
        /// Its axis.
        left_axis: usize,
        /// The other shape.
        right: Vec<usize>,
        /// Its axis.
        right_axis: usize,
    },

    /// An array does not repeat over another by numpy's rules.
    #[error("{operand} has the shape {}, which numpy does not broadcast to {}", tuple(.shape), tuple(.onto))]
    NotBroadcast {
        /// The array.
        operand: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The shape of the other array.
        onto: Vec<usize>,
    },
    /// A parameter repeats over x, but not along one run of adjacent axes.
    #[error(
        "{parameter} has the shape {}, whose axes are not adjacent in {}; only adjacent axes work, such as (C, 1, 1) or the last axes",
        tuple(.shape), tuple(.onto)
    )]
    NotAdjacent {
        /// The parameter.
        parameter: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The shape of x.
        onto: Vec<usize>,
    },
    /// A mask alternates too often between axes that it has and axes along which it repeats.
    #[error(
        "the mask of shape {} switches between its own and repeated axes too often: {runs} runs over {}, at most {limit}",
        tuple(.shape), tuple(.onto)
    )]
    MaskTooScattered {
        /// The shape of the mask.
        shape: Vec<usize>,
        /// The shape of x.
        onto: Vec<usize>,
        /// The runs of adjacent axes.
        runs: usize,
        /// The most there may be.
        limit: usize,
    },

    // What a function allows.
    /// A mask was given to a function that takes none.
    #[error("{function} takes no mask; the softmax family does")]
    NotMaskable {
        /// The function.
        function: &'static str,
    },
    /// The gradient of a function cannot be computed from its output.
    #[error("the gradient of {function} cannot be computed from y; give x")]
    NotFromOutput {
        /// The function.
        function: &'static str,
    },

    /// A sink was given to a function that takes none.
    #[error("{function} takes no sink; softmax and log_softmax do")]
    NoSink {
        /// The function.
        function: &'static str,
    },
    /// There are more or fewer sinks than expected.
    #[error(
        "{} given for the rows of the shape {} along axis {axis}; {expected} expected, one {sharing}",
        counted(*.given, "sink"), tuple(.shape)
    )]
    SinkMismatch {
        /// The number of sinks.
        given: u64,
        /// The number expected.
        expected: u64,
        /// What has one sink.
        sharing: &'static str,
        /// The shape of x.
        shape: Vec<usize>,
        /// The axis of the rows.
        axis: usize,
    },
    /// The axis of the sinks is that of the rows, or of another shape.
    #[error(
        "sinks per channel need another axis of the shape {} than {axis}; axis {given_axis} of {} was given",
        tuple(.shape), tuple(.given)
    )]
    SinkAxis {
        /// The shape of x.
        shape: Vec<usize>,
        /// The axis of the rows.
        axis: usize,
        /// The shape that the sinks were given for.
        given: Vec<usize>,
        /// Their axis.
        given_axis: usize,
    },
    /// A function along an axis has no double backward pass.
    #[error(
        "{function} has no double backward pass; softmax, softmin, quiet_softmax, log_softmax, gated units and elementwise \
         functions do"
    )]
    NoDoubleBackward {
        /// The function.
        function: &'static str,
    },

    // Operands.
    /// Two operands of one operation have different lengths.
    #[error("{left} has {}, {right} has {right_length}", counted(*.left_length, "element"))]
    LengthMismatch {
        /// One operand.
        left: &'static str,
        /// Its length in elements.
        left_length: u64,
        /// The other operand.
        right: &'static str,
        /// Its length in elements.
        right_length: u64,
    },
    /// A range does not begin where the adapter lets a binding begin.
    #[error("{operand} begins at byte {offset}, but must begin at a multiple of {alignment} on this adapter")]
    Misaligned {
        /// The operand.
        operand: &'static str,
        /// Where it begins.
        offset: u64,
        /// The adapter's `min_storage_buffer_offset_alignment`.
        alignment: u32,
    },
    /// A range ends beyond its buffer. Its end counts in whole 32-bit words.
    #[error("{operand} ends at byte {end}, its buffer at byte {size}")]
    OutOfBounds {
        /// The operand.
        operand: &'static str,
        /// Where the range ends.
        end: u64,
        /// The size of its buffer.
        size: u64,
    },
    /// Two ranges of one buffer overlap where they may only be the same or apart.
    #[error("{left} at bytes {left_start}..{left_end} overlaps {right} at bytes {right_start}..{right_end} of one buffer; they must be apart{}", if *.in_place { " or the same" } else { "" })]
    Overlap {
        /// One operand.
        left: &'static str,
        /// Where it begins.
        left_start: u64,
        /// Where it ends.
        left_end: u64,
        /// The other operand.
        right: &'static str,
        /// Where it begins.
        right_start: u64,
        /// Where it ends.
        right_end: u64,
        /// Whether the same range would be allowed.
        in_place: bool,
    },
    /// An operand that is only read lies in the buffer of the result, where it must have one of its own.
    #[error("{operand} lies in the buffer of {result}; it needs a buffer of its own")]
    SharedBuffer {
        /// The operand.
        operand: &'static str,
        /// The result.
        result: &'static str,
    },
    /// A buffer was created without the usage that an operand needs.
    #[error("the buffer of {operand} has usages {usage:?}, but needs {needed:?}")]
    MissingUsage {
        /// The operand.
        operand: &'static str,
        /// The usages it was created with.
        usage: wgpu::BufferUsages,
        /// The usage that is missing.
        needed: wgpu::BufferUsages,
    },
    /// A buffer of one context was given to another.
    #[error("{operand} belongs to another context")]
    ForeignBuffer {
        /// The operand.
        operand: &'static str,
    },
    /// A single buffer of this size is beyond the adapter.
    #[error(
        "a buffer of {} is larger than this adapter's limit of {}; slices of any length are processed in batches",
        counted(*.bytes, "byte"),
        counted(*.limit, "byte")
    )]
    BufferTooLarge {
        /// The size needed.
        bytes: u64,
        /// The adapter's `max_buffer_size`.
        limit: u64,
    },
    /// What a kernel must see at once does not fit into one binding.
    #[error(
        "a binding of {} is larger than this adapter's limit of {}",
        counted(*.bytes, "byte"),
        counted(*.limit, "byte")
    )]
    BindingTooLarge {
        /// The size needed.
        bytes: u64,
        /// What a binding holds at most: the adapter's `max_storage_buffer_binding_size`, with room for alignment.
        limit: u64,
    },

    /// No accuracy has this name.
    #[error("{name:?} is no accuracy; there are highest and fast")]
    UnknownAccuracy {
        /// The name that is none.
        name: String,
    },
    // Adapter and device.
    /// `WGPU_BACKEND` names a backend that wgpu does not have.
    #[error("WGPU_BACKEND={value} names no backend {name:?}; there are vulkan, metal, dx12 and gl, joined by commas")]
    UnknownBackend {
        /// The name that is none.
        name: String,
        /// The whole value.
        value: String,
    },
    /// No adapter can run compute shaders, or none has the name asked for.
    #[error("{}{}", no_adapter(.wanted.as_deref(), .found, .backend.as_deref()), unfit(.unusable))]
    NoAdapter {
        /// The words that its name should contain.
        wanted: Option<String>,
        /// The adapters that could be used, with their backends.
        found: Vec<String>,
        /// Those that cannot be, with the reason.
        unusable: Vec<String>,
        /// The value of `WGPU_BACKEND`, which leaves other backends out.
        backend: Option<String>,
    },
    /// The device has no memory left.
    #[error("out of device memory{}", needed(*.bytes))]
    OutOfMemory {
        /// The size of the buffer asked for; 0 where the driver needed memory of its own.
        bytes: u64,
    },
    /// wgpu refused an operation, for instance on a buffer of another device.
    #[error("the device refused the operation: {reason}")]
    Refused {
        /// What wgpu says.
        reason: String,
    },
    /// The device was lost.
    #[error("the device was lost: {reason}")]
    DeviceLost {
        /// What the driver says.
        reason: String,
    },
    /// A composed shader did not parse or validate.
    #[error("{file}:{line}:{column}: {message}")]
    Shader {
        /// The part, relative to the folder `shaders`; `(your text)` is that of [`Function::from_wgsl`](crate::Function::from_wgsl).
        file: String,
        /// The line within that part, from 1.
        line: u32,
        /// The column within the line, from 1.
        column: u32,
        /// What the compiler says.
        message: String,
    },

    // Files and pictures.
    /// Compiled pipelines could not be written.
    #[error("the pipelines could not be written to {}: {reason}", .path.display())]
    PipelineFile {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A picture could not be drawn.
    #[error("cannot draw the picture: {reason}")]
    Plot {
        /// What the drawing library says.
        reason: String,
    },
}

/// Checks that two operands are of one length.
pub(crate) fn check_lengths(
    left: &'static str,
    left_length: u64,
    right: &'static str,
    right_length: u64,
) -> Result<(), Error> {
    if left_length == right_length {
        return Ok(());
    }
    Err(Error::LengthMismatch { left, left_length, right, right_length })
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// A number and what it counts, which messages of the command line say, too.
#[doc(hidden)]
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A number in as few digits as say which it is, with an exponent where it is very large or small.
pub(crate) fn number(value: f32) -> String {
    let size = value.abs();
    let plain = size == 0.0 || (1e-5..1e9).contains(&size) || !value.is_finite();
    if plain { value.to_string() } else { format!("{value:e}") }
}

/// A value as it was given, or a number of many digits as [`number`] writes it.
fn shortened(value: &str) -> String {
    let parsed = || value.parse().ok().filter(|value: &f32| value.is_finite());
    if value.len() > 24 { parsed().map_or_else(|| value.to_owned(), number) } else { value.to_owned() }
}

fn channels(shape: &[usize], axis: usize) -> u64 {
    shape.get(axis).map_or(0, |&length| length as u64)
}

fn other_kind(function: &str, along_axis: bool) -> String {
    if along_axis {
        format!("{function} works along an axis; it is no elementwise function")
    } else {
        format!("{function} works on each element; it is no function along an axis")
    }
}

/// A shape as Python writes it.
fn tuple(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        many => format!("({})", many.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn axes(count: usize) -> String {
    if count == 0 { ", which has no axes".to_owned() } else { format!("; it must be from -{count} to {}", count - 1) }
}

fn others(learnable: &[&str]) -> String {
    if learnable.is_empty() { String::new() } else { format!("; {} is", learnable.join(" or ")) }
}

fn needed(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!(" for a buffer of {}", counted(bytes, "byte")) }
}

fn names(known: &[&str]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

fn unfit(adapters: &[String]) -> String {
    if adapters.is_empty() { String::new() } else { format!("; what there is cannot be used: {}", adapters.join(", ")) }
}

fn no_adapter(wanted: Option<&str>, found: &[String], backend: Option<&str>) -> String {
    if let (Some(wanted), false) = (wanted, found.is_empty()) {
        return format!(
            "no adapter has all words of {wanted:?} in its name and backend; there are {}",
            found.join(", ")
        );
    }
    if !cfg!(any(feature = "vulkan", feature = "metal", feature = "dx12", feature = "gles")) {
        return "this build has no backend of wgpu; enable the feature vulkan, metal, dx12 or gles".to_owned();
    }
    if let Some(backend) = backend {
        return format!(
            "no adapter of WGPU_BACKEND={backend} can run compute shaders; unset it, or install such a driver"
        );
    }
    let advice = if cfg!(target_os = "linux") {
        "install a Vulkan driver, in software if there is no GPU: `apt-get install mesa-vulkan-drivers` on Debian and Ubuntu"
    } else if cfg!(target_os = "windows") {
        "update the graphics driver, or install WARP with Windows' optional feature Graphics Tools"
    } else if cfg!(target_os = "macos") {
        "Metal is part of macOS, but virtual machines may not offer it"
    } else {
        "install a driver for Vulkan, Metal, Direct3D 12 or OpenGL ES 3.1"
    };
    format!("no adapter can run compute shaders; {advice}")
}
