/// What can go wrong; every message names both sides.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No activation has this name or alias.
    #[error("there is no activation named {name:?}; the nearest are {}", .nearest.join(", "))]
    UnknownName {
        /// What was asked for.
        name: String,
        /// The known names most like it, the nearest first.
        nearest: Vec<&'static str>,
    },
    /// The activation has no such parameter.
    #[error("{function} has no parameter {parameter:?}; it has {}", names(.known))]
    UnknownParameter {
        /// The activation.
        function: &'static str,
        /// What was asked for.
        parameter: String,
        /// The parameters it has.
        known: Vec<&'static str>,
    },
    /// A parameter's value lies outside its valid range.
    #[error("{function}: {parameter} is {value}, but must be {range}")]
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
    /// No adapter can run compute shaders, or none has the name asked for.
    #[error("{}", no_adapter(.wanted.as_deref(), .found, .backend.as_deref()))]
    NoAdapter {
        /// The text that its name should contain.
        wanted: Option<String>,
        /// The adapters there are, with their backends.
        found: Vec<String>,
        /// The value of `WGPU_BACKEND`, which leaves other backends out.
        backend: Option<String>,
    },
    /// Two operands of one operation have different lengths.
    #[error("{left} has {left_length} elements, {right} has {right_length}")]
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
    /// A single buffer of this size is beyond the adapter.
    #[error(
        "a buffer of {bytes} bytes is larger than this adapter's limit of {limit} bytes; slices of any length are processed in pieces"
    )]
    TooLarge {
        /// The size needed.
        bytes: u64,
        /// The adapter's `max_buffer_size`.
        limit: u64,
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
    /// A buffer of one context was given to another.
    #[error("{operand} belongs to another context")]
    ForeignBuffer {
        /// The operand.
        operand: &'static str,
    },
    /// A picture could not be drawn.
    #[error("cannot draw the picture: {reason}")]
    Plot {
        /// What the drawing library says.
        reason: String,
    },
    /// A composed shader did not parse or validate.
    #[error("{file}:{line}: {message}")]
    Shader {
        /// The part, relative to the folder `shaders`.
        file: String,
        /// The line within that part, from 1.
        line: u32,
        /// What the compiler says.
        message: String,
    },
}

fn needed(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!(" for a buffer of {bytes} bytes") }
}

fn names(known: &[&str]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

fn no_adapter(wanted: Option<&str>, found: &[String], backend: Option<&str>) -> String {
    if let (Some(wanted), false) = (wanted, found.is_empty()) {
        return format!("no adapter's name contains {wanted:?}; there are {}", found.join(", "));
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
