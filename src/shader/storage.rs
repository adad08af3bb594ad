use crate::catalog::{Source, source};
use crate::shader::compose::{Part, parts};
use crate::shader::form::DeviceForm;

/// The format of elements in memory. Arithmetic is f32 in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Storage {
    /// IEEE binary32.
    F32,
    /// IEEE binary16, two a word.
    F16,
    /// bfloat16, two a word.
    Bf16,
}

impl Storage {
    /// The name, such as `f32`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Storage::F32 => "f32",
            Storage::F16 => "f16",
            Storage::Bf16 => "bf16",
        }
    }

    pub(crate) fn parts(self, form: DeviceForm) -> Vec<Part> {
        let f16 = source!("memory/f16.wgsl");
        match self {
            Storage::F32 => parts![source!("memory/f32.wgsl")].into(),
            Storage::F16 => parts![f16, form.unpacking.source(), form.packing.source()].into(),
            Storage::Bf16 => parts![source!("memory/bf16.wgsl")].into(),
        }
    }
}

/// The location of a result relative to its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Aliasing {
    /// In another buffer.
    Separate,
    /// Over x.
    OverX,
    /// Over dy.
    OverDy,
    /// Beside an input in the same buffer.
    SameBuffer,
}

impl Aliasing {
    pub(crate) fn source(self) -> Source {
        match self {
            Aliasing::Separate => source!("memory/separate.wgsl"),
            Aliasing::OverX => source!("memory/over_x.wgsl"),
            Aliasing::OverDy => source!("memory/over_dy.wgsl"),
            Aliasing::SameBuffer => source!("memory/same_buffer.wgsl"),
        }
    }
}

/// The direction of a computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From x to y.
    Forward,
    /// From x and dy to dx.
    Backward,
}

impl Direction {
    /// Both directions, forward first.
    pub const ALL: [Direction; 2] = [Direction::Forward, Direction::Backward];

    /// The name, `forward` or `backward`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Direction::Forward => "forward",
            Direction::Backward => "backward",
        }
    }
}
