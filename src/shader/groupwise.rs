//! Kernels of groups of entries: gated units, maxout, crelu.

use crate::catalog::{Definition, Source, source};
use crate::shader::compose::{Part, parts};
use crate::shader::form::DeviceForm;
use crate::shader::math::Math;
use crate::shader::parameters::function_parts;
use crate::shader::storage::{Aliasing, Storage};

/// A function of groups of entries, with the entry points `forward` and `backward`. Gated units also have
/// `backward_gate`, and where all results of a group are computed together, there is `whole_groups`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct GroupwiseKernel {
    pub source: Source,
    /// The part that computes all results of a group together.
    pub together: Option<Source>,
    /// The activation of a gate.
    pub activation: Option<&'static Definition>,
    pub math: Math,
    pub storage: Storage,
    /// Whether every four elements handled together are a whole vector of every operand.
    pub whole_vectors: bool,
}

impl GroupwiseKernel {
    pub(crate) fn parts(&self, form: DeviceForm) -> Vec<Part> {
        let mut all = self.math.parts(form);
        all.extend(self.storage.parts(form));
        all.extend(parts![
            source!("groupwise/contract.wgsl"),
            source!("groupwise/second_input.wgsl"),
            Aliasing::Separate.source(),
            source!("memory/elements.wgsl"),
        ]);
        let access = match self.whole_vectors {
            true => {
                vec![source!("memory/vectors.wgsl"), source!("memory/quotient.wgsl"), source!("groupwise/vectors.wgsl")]
            }
            false => vec![source!("memory/words.wgsl"), source!("groupwise/words.wgsl")],
        };
        all.extend(access.into_iter().map(Part::from));
        all.extend(match self.activation {
            Some(activation) => function_parts(activation, self.math),
            None => parts![source!("parameters/none.wgsl")].into(),
        });
        all.push(self.source.into());
        all.extend(self.together.map(Part::from));
        all
    }
}
