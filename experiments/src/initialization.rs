//! What weights begin with.

use crate::unit::Unit;
use gpu_activations::{Activation, AxisFunction};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// A distribution of weights, by the number of a layer's inputs and outputs. Biases begin with 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initialization {
    /// Uniform with variance 2/(inputs + outputs) (Glorot & Bengio 2010).
    Glorot,
    /// Normal with variance 2/((1 + slope²)·inputs) (He et al. 2015).
    He { slope: f32 },
    /// Normal with variance 1/inputs (LeCun et al. 1998).
    LeCun,
    /// Uniform with variance 2/(omega²·inputs) (Sitzmann et al. 2020), in the first layer, too.
    Siren { omega: f32 },
}

impl Initialization {
    /// The one that all functions are trained with.
    pub const COMMON: Initialization = Initialization::Glorot;

    /// What the function's source trains with: that of LeCun et al. for selu (Klambauer et al. 2017), scaled_tanh and snake
    /// (Ziyin et al. 2020), that of Sitzmann et al. for sine, and that of He et al. for rectifiers, their smooth relatives
    /// and gated units (Dauphin et al. 2017). All others keep the common one.
    pub fn of_source(unit: &Unit) -> Initialization {
        use Activation as A;
        let he = |slope| Initialization::He { slope };
        let activation = match unit {
            Unit::Grouped { function: AxisFunction::Gated { .. }, .. } => return he(0.0),
            Unit::Grouped { .. } => return Initialization::COMMON,
            Unit::Elementwise { activation, .. } => activation,
        };
        match *activation {
            A::Selu | A::ScaledTanh { .. } | A::Snake { .. } | A::SnakeBeta { .. } => Initialization::LeCun,
            A::Sine { omega } => Initialization::Siren { omega },
            A::LeakyRelu { negative_slope } => he(negative_slope),
            A::Prelu { alpha } => he(alpha),
            A::Rrelu { lower, upper } => he((lower + upper) / 2.0),
            A::Relu
            | A::Relu6
            | A::ReluSquared
            | A::StarRelu { .. }
            | A::GeneralizedRelu { .. }
            | A::ThresholdedRelu { .. }
            | A::Threshold { .. }
            | A::Elu { .. }
            | A::Celu { .. }
            | A::Gelu
            | A::ClippedGelu { .. }
            | A::GeluTanh
            | A::QuickGelu
            | A::Silu
            | A::Swish { .. }
            | A::HardSwish
            | A::Elish
            | A::TanhExp
            | A::Serf
            | A::Mish
            | A::Softplus { .. }
            | A::Squareplus { .. }
            | A::Isrlu { .. }
            | A::SparsePlus
            | A::Xielu { .. } => he(0.0),
            _ => Initialization::COMMON,
        }
    }

    /// The weights of a layer, input by input.
    pub fn draw(self, inputs: usize, outputs: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
        let variance = match self {
            Initialization::Glorot => 2.0 / (inputs + outputs) as f32,
            Initialization::He { slope } => 2.0 / ((1.0 + slope * slope) * inputs as f32),
            Initialization::LeCun => 1.0 / inputs as f32,
            Initialization::Siren { omega } => 2.0 / (omega * omega * inputs as f32),
        };
        let mut entry = || match self {
            Initialization::Glorot | Initialization::Siren { .. } => {
                let bound = (3.0 * variance).sqrt();
                bound * (2.0 * random.random::<f32>() - 1.0)
            }
            Initialization::He { .. } | Initialization::LeCun => {
                variance.sqrt() * random.sample::<f32, _>(StandardNormal)
            }
        };
        (0..inputs * outputs).map(|_| entry()).collect()
    }
}
