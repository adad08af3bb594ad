//! What modules may rely on, of what WGSL leaves to the device.

use crate::catalog::{Source, source};
use crate::shader::compose::Part;

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

    pub(crate) fn part(self) -> Part {
        Part::made("(guards of the adapter)", format!("const GUARDED: bool = {};\n\n", self.guards == Guards::All))
    }
}
