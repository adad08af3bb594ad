//! The mathematics beneath the activations: one set of names, and a text for each accuracy and device.

use crate::catalog::{Accuracy, source};
use crate::shader::compose::{Part, parts};
use crate::shader::form::DeviceForm;
use crate::shader::storage::Storage;

/// The text that the names stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Math {
    /// Compensated arithmetic.
    Highest,
    /// Compensation only where an exponential would magnify an error.
    Fast,
    /// For results of 16 bits.
    Sixteen,
}

impl Math {
    pub(crate) fn of(storage: Storage, accuracy: Accuracy) -> Math {
        match (storage, accuracy) {
            (Storage::F16 | Storage::Bf16, _) => Math::Sixteen,
            (Storage::F32, Accuracy::Highest) => Math::Highest,
            (Storage::F32, Accuracy::Fast) => Math::Fast,
        }
    }

    /// Whether double-floats have lower parts throughout.
    pub(crate) fn is_compensated(self) -> bool {
        self == Math::Highest
    }

    pub(crate) fn parts(self, form: DeviceForm) -> Vec<Part> {
        let mut all = parts![form.part(), source!("math/values.wgsl")].to_vec();
        let products = match form.fuses_fma {
            true => source!("math/products_fused.wgsl"),
            false => source!("math/products_split.wgsl"),
        };
        let own = match self {
            Math::Highest => vec![source!("math/doubles.wgsl"), products, source!("math/highest.wgsl")],
            Math::Fast => {
                vec![source!("math/doubles.wgsl"), products, source!("math/fast.wgsl"), source!("math/plain.wgsl")]
            }
            Math::Sixteen => vec![source!("math/sixteen.wgsl"), source!("math/plain.wgsl")],
        };
        all.extend(own.into_iter().map(Part::from));
        all.extend(parts![source!("math/scaling.wgsl"), source!("math/curvature.wgsl")]);
        all.extend(parts![source!("math/angles.wgsl"), source!("math/logarithm.wgsl")]);
        all
    }
}
