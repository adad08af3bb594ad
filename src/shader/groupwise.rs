//! Kernels of groups of entries: gated units, maxout, crelu.

use crate::catalog::{Definition, Source, source};
use crate::shader::compose::{Part, parts};
use crate::shader::form::DeviceForm;
use crate::shader::math::Math;
use crate::shader::parameters::function_parts;
use crate::shader::storage::{Aliasing, Storage};

/// A function of groups of entries, with the entry points `forward` and `backward`. Gated units also have
/// `backward_gate`, and where both results of a group are computed together, there is `pairs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct GroupwiseKernel {
    pub source: Source,
    /// The part that computes both results of a group together.
    pub pairs: Option<Source>,
    /// Whether it is for a double backward pass of a gated unit, whose entry points are in groupwise/gated_twice.wgsl.
    pub twice: bool,
    /// The activation of a gate.
    pub activation: Option<&'static Definition>,
    /// Whether a gated unit has a limit, or adds to its value.
    pub limited: bool,
    pub math: Math,
    pub storage: Storage,
    pub fours: Fours,
}

/// The order in memory of the four elements that an invocation takes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fours {
    /// A whole vector of every operand.
    Vectors,
    /// Entries of four groups, whose one or two elements lie in succession.
    Interleaved,
    /// Any other.
    Words,
}

impl GroupwiseKernel {
    pub(crate) fn parts(&self, form: DeviceForm) -> Vec<Part> {
        let mut all = self.math.parts(form);
        all.extend(self.storage.parts(form));
        all.extend(parts![
            source!("groupwise/contract.wgsl"),
            Part::made("(limit of the unit)", format!("const LIMITED: bool = {};\n", self.limited)),
            source!("groupwise/second_input.wgsl"),
            Aliasing::Separate.source(),
            source!("memory/elements.wgsl"),
        ]);
        let access = match self.fours {
            Fours::Vectors => {
                vec![source!("memory/vectors.wgsl"), source!("memory/quotient.wgsl"), source!("groupwise/vectors.wgsl")]
            }
            Fours::Interleaved => vec![source!("memory/vectors.wgsl"), source!("groupwise/interleaved.wgsl")],
            Fours::Words => vec![source!("memory/words.wgsl"), source!("groupwise/words.wgsl")],
        };
        all.extend(access.into_iter().map(Part::from));
        all.extend(match self.activation {
            Some(activation) => function_parts(activation, self.math),
            None => parts![source!("parameters/none.wgsl")].into(),
        });
        all.push(self.source.into());
        all.extend(self.pairs.map(Part::from));
        if self.twice {
            all.push(source!("groupwise/gated_twice.wgsl").into());
        }
        all
    }
}
