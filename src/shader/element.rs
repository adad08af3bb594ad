use crate::shader::storage::Storage;
use half::{bf16, f16};

mod sealed {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for f32 {}
    impl Sealed for half::f16 {}
    impl Sealed for half::bf16 {}
}

/// The content of buffers: elements, or the bytes of masks.
pub trait Scalar: bytemuck::Pod + Send + Sync + PartialEq + std::fmt::Debug + sealed::Sealed {}

impl<T: bytemuck::Pod + Send + Sync + PartialEq + std::fmt::Debug + sealed::Sealed> Scalar for T {}

/// A type that activations work on: `f32`, [`half::f16`] or [`half::bf16`]. Arithmetic is f32 for each of them.
pub trait Element: Scalar {
    /// The storage in shaders.
    const STORAGE: Storage;
    /// Returns the exact value in f64.
    fn to_f64(self) -> f64;
    /// Returns the nearest value of this type, ties to even.
    fn from_f64(value: f64) -> Self;
}

/// Rounds to f32 towards 0, and sets the last bit if that is not exact. A further rounding to fewer bits then equals
/// one rounding of the f64. The conversions of `half` round twice on processors that convert only from f32.
fn to_odd(value: f64) -> f32 {
    let nearest = value as f32;
    let back = f64::from(nearest);
    if back == value || value.is_nan() {
        return nearest;
    }
    let towards_zero = nearest.to_bits() - u32::from(back.abs() > value.abs());
    f32::from_bits(towards_zero | 1)
}

impl Element for f32 {
    const STORAGE: Storage = Storage::F32;
    fn to_f64(self) -> f64 {
        self.into()
    }
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

impl Element for f16 {
    const STORAGE: Storage = Storage::F16;
    fn to_f64(self) -> f64 {
        self.into()
    }
    fn from_f64(value: f64) -> Self {
        f16::from_f32(to_odd(value))
    }
}

impl Element for bf16 {
    const STORAGE: Storage = Storage::Bf16;
    fn to_f64(self) -> f64 {
        self.into()
    }
    fn from_f64(value: f64) -> Self {
        bf16::from_f32(to_odd(value))
    }
}
