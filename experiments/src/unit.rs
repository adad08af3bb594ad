//! What the units of a hidden layer compute from their inputs.

use anyhow::{Result, bail, ensure};
use gpu_activations::{Activation, Axis, AxisFunction, Function};
use std::fmt;
use std::str::FromStr;

/// The name of a function, and " learned" where its parameters are.
#[derive(Debug, Clone, PartialEq)]
pub enum Unit {
    /// A function of one input. Each unit has its own value of every learned parameter.
    Elementwise { activation: Activation, learned: bool },
    /// A function of several inputs: maxout or a gated unit.
    Grouped { function: AxisFunction, pieces: usize },
}

impl Unit {
    /// Every elementwise function at its defaults, again with learned parameters where it has any, maxout and the named
    /// gated units.
    pub fn all() -> Vec<Unit> {
        let of = |&activation: &Activation| {
            let unit = |learned| Unit::Elementwise { activation, learned };
            let has_learned = !unit(true).learned().is_empty();
            [Some(unit(false)), has_learned.then(|| unit(true))].into_iter().flatten()
        };
        let grouped = AxisFunction::all().iter().filter(|(name, _)| *name != "gated");
        let grouped = grouped.filter_map(|(_, function)| Unit::grouped(function.clone()));
        Activation::ALL.iter().flat_map(of).chain(grouped).collect()
    }

    fn grouped(function: AxisFunction) -> Option<Unit> {
        let pieces = match function {
            AxisFunction::Maxout { pieces } => pieces,
            AxisFunction::Gated { .. } => 2,
            _ => return None,
        };
        Some(Unit::Grouped { function, pieces })
    }

    /// How many inputs a unit has.
    pub fn pieces(&self) -> usize {
        match self {
            Unit::Elementwise { .. } => 1,
            Unit::Grouped { pieces, .. } => *pieces,
        }
    }

    /// The distance from a unit's first input to the next unit's, and from one input of a unit to its next, in a layer of
    /// so many units.
    pub fn distances(&self, units: usize) -> Result<(usize, usize)> {
        let Unit::Grouped { function, pieces } = self else { return Ok((1, 1)) };
        match function {
            AxisFunction::Maxout { .. } => Ok((*pieces, 1)),
            AxisFunction::Gated { layout: gpu_activations::Layout::Halves, .. } => Ok((1, units)),
            other => bail!("{other}: the layout of its inputs is not known"),
        }
    }

    /// The names of the learned parameters.
    pub fn learned(&self) -> Vec<&'static str> {
        match self {
            Unit::Elementwise { activation, learned: true } => {
                let learnable = activation.parameters().iter().filter(|parameter| parameter.learnable);
                learnable.map(|parameter| parameter.name).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The value that a learned parameter begins with.
    pub fn start(&self, parameter: &str) -> f32 {
        match self {
            Unit::Elementwise { activation, .. } => activation.value(parameter).unwrap_or_default(),
            Unit::Grouped { .. } => 0.0,
        }
    }

    /// The activation, or that of the gate; none for maxout.
    pub fn activation(&self) -> Option<Activation> {
        match self {
            Unit::Elementwise { activation, .. } => Some(*activation),
            Unit::Grouped { function: AxisFunction::Gated { activation, .. }, .. } => activation.elementwise().ok(),
            Unit::Grouped { .. } => None,
        }
    }

    fn check(self) -> Result<Unit> {
        if let Unit::Grouped { function, pieces } = &self {
            // Whether the axis can be divided.
            function.output_shape(&Axis::last(&[*pieces])?)?;
        }
        Ok(self)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unit::Elementwise { activation, learned } => {
                write!(f, "{activation}{}", if *learned { " learned" } else { "" })
            }
            Unit::Grouped { function, .. } => function.fmt(f),
        }
    }
}

impl FromStr for Unit {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Unit> {
        let (name, learned) = text.strip_suffix(" learned").map_or((text, false), |name| (name, true));
        let unit = match name.parse::<Function>()? {
            Function::Elementwise(activation) => Unit::Elementwise { activation, learned },
            Function::Along(function) => match Unit::grouped(function.clone()) {
                Some(unit) if !learned => unit,
                Some(_) => bail!("{text:?}: {function} has no parameter that is learned"),
                None => bail!("{text:?}: {function} is no unit of a hidden layer; maxout and gated units are"),
            },
            other => bail!("{text:?}: {other} is of an unknown kind"),
        };
        ensure!(!learned || !unit.learned().is_empty(), "{text:?}: {name} has no parameter that is learned");
        unit.check()
    }
}
