//! The mathematics beneath the activations: one set of names, and a text for each accuracy and device.

use crate::catalog::{Accuracy, Source, source};
use crate::shader::compose::{Part, parts};
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
        all.extend(parts![source!("math/scaling.wgsl"), source!("math/angles.wgsl")]);
        all
    }
}

/// The steps of compensated sums to hide from a compiler that might regroup them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guards {
    /// The sums alone. On a CPU, Mesa and SwiftShader need no more, as `verify` has shown. The rest would cost six
    /// percent of the throughput of compute-heavy functions.
    Sums,
    /// Each step. Metal compiles with fast arithmetic, and DXC may. Where memory is the limit, this costs nothing.
    All,
}

impl Guards {
    pub(crate) fn of(info: &wgpu::AdapterInfo) -> Guards {
        let is_known = matches!(info.backend, wgpu::Backend::Vulkan | wgpu::Backend::Gl);
        if is_known && info.device_type == wgpu::DeviceType::Cpu { Guards::Sums } else { Guards::All }
    }
}

/// What modules may rely on, of what WGSL leaves to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeviceForm {
    pub guards: Guards,
    /// `fma` rounds once.
    pub fuses_fma: bool,
    pub unpacking: Unpacking,
    pub packing: Packing,
}

/// The conversion from binary16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unpacking {
    Integers,
    /// `unpack2x16float`.
    Builtin,
}

/// The conversion to binary16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Integers,
    /// `pack2x16float`.
    Builtin,
    /// The type f16, which the module must enable.
    Type,
}

impl Unpacking {
    pub(crate) fn source(self) -> Source {
        match self {
            Unpacking::Integers => source!("memory/f16_unpack_integers.wgsl"),
            Unpacking::Builtin => source!("memory/f16_unpack_builtin.wgsl"),
        }
    }
}

impl Packing {
    pub(crate) fn source(self) -> Source {
        match self {
            Packing::Integers => source!("memory/f16_pack_integers.wgsl"),
            Packing::Builtin => source!("memory/f16_pack_builtin.wgsl"),
            Packing::Type => source!("memory/f16_pack_type.wgsl"),
        }
    }
}

impl DeviceForm {
    /// Relies on nothing.
    pub(crate) const PORTABLE: DeviceForm = DeviceForm {
        guards: Guards::All,
        fuses_fma: false,
        unpacking: Unpacking::Integers,
        packing: Packing::Integers,
    };

    fn part(self) -> Part {
        Part::made("(guards of the adapter)", format!("const GUARDED: bool = {};\n\n", self.guards == Guards::All))
    }
}
