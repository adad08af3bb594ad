//! What tutorials say of activations, measured.

use crate::data::Task;
use crate::initialization::Initialization;
use crate::loss::Head;
use crate::optimizer::Optimizer;
use crate::plan::Plan;
use crate::record::Record;
use crate::statistics::Interval;
use crate::study::{DEPTHS, WIDTH, digits, digits_by_descent, initializations};
use crate::summary::{GOAL, Summary};
use crate::training::Outcome;
use crate::unit::Unit;
use anyhow::{Context, Result};
use serde::Serialize;
use std::fmt;

const SHALLOW: usize = DEPTHS[0];
const DEEP: usize = DEPTHS[1];
const COMMON: Initialization = Initialization::COMMON;

/// A claim as an experiment.
pub struct Claim {
    pub name: &'static str,
    pub text: &'static str,
    plans: fn() -> Result<Vec<Plan>>,
    judge: fn(&Record) -> Result<Finding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Supported,
    InPart,
    NotSupported,
}

/// What an experiment says of a claim.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub verdict: Verdict,
    pub figures: String,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Supported => "supported",
            Verdict::InPart => "supported in part",
            Verdict::NotSupported => "not supported",
        })
    }
}

impl Verdict {
    /// Supported where all parts of a claim hold, in part where some do.
    fn of(parts: &[bool]) -> Verdict {
        match parts.iter().filter(|&&holds| holds).count() {
            0 => Verdict::NotSupported,
            count if count == parts.len() => Verdict::Supported,
            _ => Verdict::InPart,
        }
    }
}

impl Claim {
    pub fn plans(&self) -> Result<Vec<Plan>> {
        (self.plans)()
    }

    pub fn judge(&self, record: &Record) -> Result<Finding> {
        (self.judge)(record).with_context(|| format!("cannot judge {}", self.name))
    }
}

pub const CLAIMS: [Claim; 10] = [
    Claim {
        name: "saturation",
        text: "Sigmoid saturates, and its small gradients stop deep networks from learning.",
        plans: || {
            let sigmoid = DEPTHS.map(|depth| digits("sigmoid", depth, COMMON));
            Ok(sigmoid.into_iter().chain([digits("tanh", DEEP, COMMON), digits("relu", DEEP, COMMON)]).collect())
        },
        judge: saturation,
    },
    Claim {
        name: "centred",
        text: "Outputs that are not centred at 0 slow training down.",
        plans: || Ok(["sigmoid", CENTRED, "tanh"].map(|unit| digits_by_descent(unit, SHALLOW, COMMON)).into()),
        judge: centred,
    },
    Claim {
        name: "tanh",
        text: "Tanh converges faster than sigmoid.",
        plans: || {
            let units = ["tanh", "sigmoid"];
            Ok(units.iter().flat_map(|unit| by_both_optimizers(unit, SHALLOW)).collect())
        },
        judge: tanh,
    },
    Claim {
        name: "dying",
        text: "Units of relu die at large learning rates; those of leaky_relu and prelu do not.",
        plans: || RECTIFIERS.iter().map(|unit| at_large_rates(unit)).collect(),
        judge: dying,
    },
    Claim {
        name: "moments",
        text: "elu and selu keep activations near mean 0 and variance 1.",
        plans: || ["elu", "selu", "relu"].iter().map(|unit| of_source(unit, DEEP)).collect(),
        judge: moments,
    },
    Claim {
        name: "softplus",
        text: "Softplus, the smooth relu, is no better than relu.",
        plans: || at_all_depths(&["softplus", "relu"]),
        judge: softplus,
    },
    Claim {
        name: "swish",
        text: "Swish with a learned beta is better than relu in deep networks.",
        plans: || at_all_depths(&["swish learned", "relu"]),
        judge: swish,
    },
    Claim {
        name: "maxout",
        text: "Maxout is better than relu.",
        plans: || {
            let narrow = DEPTHS.iter().map(|&depth| narrow_maxout(depth));
            at_all_depths(&["maxout", "relu"])?.into_iter().map(Ok).chain(narrow).collect()
        },
        judge: maxout,
    },
    Claim {
        name: "hard_sigmoid",
        text: "Hard sigmoid is faster than sigmoid, and about as accurate.",
        plans: || {
            let accuracy = ["hard_sigmoid", "sigmoid"].map(|unit| digits(unit, SHALLOW, COMMON));
            // By turns, since the speed of a machine may change.
            let times = (1..=REPEATS).flat_map(|repeat| ["hard_sigmoid", "sigmoid"].map(|unit| timed(unit, repeat)));
            Ok(accuracy.into_iter().chain(times).collect())
        },
        judge: hard_sigmoid,
    },
    Claim {
        name: "two_logits",
        text: "Softmax over two logits is sigmoid of their difference: training is the same, to the last digits.",
        plans: || Ok([Head::SoftmaxWith0, Head::Sigmoid].map(of_two_classes).into()),
        judge: two_logits,
    },
];

/// Sigmoid with outputs centred at 0 and all else as it is.
const CENTRED: &str = "custom(sigmoid(x) - 0.5)";

const RECTIFIERS: [&str; 3] = ["relu", "leaky_relu", "prelu learned"];

/// How often a time is taken.
const REPEATS: u32 = 7;

// ---- Plans ---------------------------------------------------------------------------------------------------------

fn of_source(unit: &str, depth: usize) -> Result<Plan> {
    Ok(digits(unit, depth, Initialization::of_source(&unit.parse()?)))
}

fn by_both_optimizers(unit: &str, depth: usize) -> [Plan; 2] {
    [digits_by_descent(unit, depth, COMMON), digits(unit, depth, COMMON)]
}

fn at_large_rates(unit: &str) -> Result<Plan> {
    let plan = digits_by_descent(unit, SHALLOW, Initialization::of_source(&unit.parse()?));
    Ok(Plan { rates: vec![0.03, 0.1, 0.3, 1.0], ..plan })
}

/// Both depths with every initialization of each unit.
fn at_all_depths(units: &[&str]) -> Result<Vec<Plan>> {
    let mut plans = Vec::new();
    for unit in units {
        for initialization in initializations(&unit.parse()?) {
            plans.extend(DEPTHS.map(|depth| digits(unit, depth, initialization)));
        }
    }
    Ok(plans)
}

/// Maxout in layers so narrow that it has about as many parameters as relu.
fn narrow_maxout(depth: usize) -> Result<Plan> {
    let plan = of_source("maxout", depth)?;
    let distance = |units: &usize| parameters(*units, depth, 2).abs_diff(parameters(WIDTH, depth, 1));
    let units = (1..=WIDTH / 4).map(|fours| 4 * fours).min_by_key(distance).unwrap_or(WIDTH);
    Ok(Plan { hidden: vec![units; depth], ..plan })
}

/// The parameters of a network for digits whose units have so many inputs each.
fn parameters(units: usize, depth: usize, pieces: usize) -> usize {
    let hidden = |inputs: usize| (inputs + 1) * units * pieces;
    hidden(64) + (depth - 1) * hidden(units) + (units + 1) * 10
}

fn timed(unit: &str, repeat: u32) -> Plan {
    Plan { epochs: 5, repeat, ..digits(unit, SHALLOW, COMMON) }
}

/// Two moons with the same weights and the same minibatches, whatever the head.
fn of_two_classes(head: Head) -> Plan {
    let optimizer = Optimizer::Sgd { momentum: 0.9 };
    let plan = digits("tanh", SHALLOW, COMMON);
    Plan { task: Task::Moons, hidden: vec![16; 2], optimizer, rates: vec![0.1], batch: 64, head, ..plan }
}

// ---- Verdicts ------------------------------------------------------------------------------------------------------

fn best<'a>(record: &'a Record, plan: &Plan) -> Result<Summary<'a>> {
    Summary::best(record.needed(plan)?).with_context(|| format!("the plan of {} has no rate", plan.unit))
}

/// A unit at the initialization that is better on validation.
fn best_of_initializations<'a>(record: &'a Record, unit: &str, depth: usize) -> Result<Summary<'a>> {
    let of = |initialization| best(record, &digits(unit, depth, initialization));
    let summaries = initializations(&unit.parse::<Unit>()?).into_iter().map(of).collect::<Result<Vec<_>>>()?;
    let better = |best: Summary<'a>, next: Summary<'a>| if next.merit() > best.merit() { next } else { best };
    summaries.into_iter().reduce(better).with_context(|| format!("{unit} has no initialization"))
}

fn saturation(record: &Record) -> Result<Finding> {
    let [shallow, deep] = DEPTHS.map(|depth| best(record, &digits("sigmoid", depth, COMMON)));
    let (shallow, deep) = (shallow?, deep?);
    let ratio = |summary: &Summary<'_>| -> Result<f64> {
        let norms = summary.gradient_norms();
        let [Some(Some(first)), Some(Some(last))] = [norms.first(), norms.get(DEEP - 1)] else {
            anyhow::bail!("a gradient at the start is not finite");
        };
        Ok(first / last)
    };
    let others = ["tanh", "relu"].map(|unit| best(record, &digits(unit, DEEP, COMMON)));
    let [tanh, relu] = others;
    let (tanh, relu) = (tanh?, relu?);
    let [of_sigmoid, of_tanh, of_relu] = [ratio(&deep)?, ratio(&tanh)?, ratio(&relu)?];
    let figures = format!(
        "The gradient of the first of {DEEP} layers is {of_sigmoid:.1e} of that of the last hidden one at the start (tanh \
         {of_tanh:.2}, relu {of_relu:.2}). Accuracy is {} with {SHALLOW} layers and {} with {DEEP} (tanh {}, relu {}).",
        percent(shallow.accuracy()),
        percent(deep.accuracy()),
        percent(tanh.accuracy()),
        percent(relu.accuracy()),
    );
    let vanishes = of_sigmoid < 0.01 && of_sigmoid < of_tanh.min(of_relu);
    let fails = deep.accuracy().mean < 0.5 && tanh.accuracy().mean.min(relu.accuracy().mean) > f64::from(GOAL);
    Ok(Finding { verdict: Verdict::of(&[vanishes, fails]), figures })
}

fn centred(record: &Record) -> Result<Finding> {
    let of = |unit: &str| best(record, &digits_by_descent(unit, SHALLOW, COMMON));
    let (sigmoid, shifted, tanh) = (of("sigmoid")?, of(CENTRED)?, of("tanh")?);
    let figures = format!(
        "Epochs to {GOAL} by gradient descent: sigmoid {}, sigmoid − ½ {}, tanh {}. Sigmoid − ½ has the derivative of sigmoid, \
         so centring alone makes the difference between these two.",
        epochs(&sigmoid),
        epochs(&shifted),
        epochs(&tanh),
    );
    Ok(Finding { verdict: Verdict::of(&[is_faster(&shifted, &sigmoid)]), figures })
}

fn tanh(record: &Record) -> Result<Finding> {
    let [descent, adam] = [digits_by_descent, digits].map(|plan| -> Result<_> {
        Ok([best(record, &plan("tanh", SHALLOW, COMMON))?, best(record, &plan("sigmoid", SHALLOW, COMMON))?])
    });
    let ([tanh, sigmoid], [tanh_by_adam, sigmoid_by_adam]) = (descent?, adam?);
    let figures = format!(
        "Epochs to {GOAL}: {} against {} by gradient descent, {} against {} by Adam.",
        epochs(&tanh),
        epochs(&sigmoid),
        epochs(&tanh_by_adam),
        epochs(&sigmoid_by_adam),
    );
    let parts = [is_faster(&tanh, &sigmoid), is_faster(&tanh_by_adam, &sigmoid_by_adam)];
    Ok(Finding { verdict: Verdict::of(&parts), figures })
}

fn dying(record: &Record) -> Result<Finding> {
    let mut lines = Vec::new();
    let mut dead = Vec::new();
    let mut are_finite = true;
    for unit in RECTIFIERS {
        let summaries = Summary::by_rate(record.needed(&at_large_rates(unit)?)?);
        let of = |summary: &Summary<'_>| {
            let infinite = summary.networks.iter().filter(|network| !network.is_finite()).count();
            let not_finite = if infinite > 0 { format!(", {infinite} networks not finite") } else { String::new() };
            let dead = summary.dead().map_or(String::new(), |dead| format!(" {:.0} % dead,", 100.0 * dead));
            format!("{}{dead} accuracy {:.1} %{not_finite}", summary.rate, 100.0 * summary.accuracy().mean)
        };
        lines.push(format!("{unit} at a rate of {}", summaries.iter().map(of).collect::<Vec<_>>().join("; ")));
        are_finite &= summaries.iter().all(Summary::is_finite);
        dead.push(summaries.iter().map(Summary::dead).collect::<Vec<_>>());
    }
    let grows = dead[0].last() > dead[0].first() && dead[0].last() > Some(&Some(0.1));
    let others_live = dead[1..].iter().flatten().flatten().all(|&share| share == 0.0);
    // Networks that overflow have no units that live.
    Ok(Finding { verdict: Verdict::of(&[grows, others_live, are_finite]), figures: lines.join(". ") + "." })
}

fn moments(record: &Record) -> Result<Finding> {
    let mut lines = Vec::new();
    let mut parts = Vec::new();
    for unit in ["elu", "selu", "relu"] {
        let summary = best(record, &of_source(unit, DEEP)?)?;
        let mut said = Vec::new();
        for (when, name) in [(0, "before training"), (1, "after")] {
            let [means, variances] = summary.moments(when).map(|list| list.into_iter().collect::<Option<Vec<_>>>());
            let (Some(means), Some(variances)) = (means, variances) else {
                said.push(format!("{name} not finite"));
                parts.push((unit, false));
                continue;
            };
            let ends = |values: &[f64]| {
                let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
                format!("{least:.2} to {most:.2}")
            };
            said.push(format!("{name} mean {}, variance {}", ends(&means), ends(&variances)));
            let is_near = means.iter().all(|m| m.abs() < 0.3) && variances.iter().all(|v| (0.5..2.0).contains(v));
            parts.push((unit, is_near));
        }
        lines.push(format!("{unit}: {}", said.join("; ")));
    }
    let parts: Vec<bool> = parts.into_iter().filter(|(unit, _)| *unit != "relu").map(|(_, holds)| holds).collect();
    let figures = format!(
        "Over {DEEP} hidden layers. {}. A mean within 0.3 of 0 and a variance from 0.5 to 2 count as near.",
        lines.join(". ")
    );
    Ok(Finding { verdict: Verdict::of(&parts), figures })
}

/// A unit against relu at both depths: the accuracies, and the interval of the difference.
fn against_relu(record: &Record, unit: &str) -> Result<(Vec<String>, Vec<Interval>)> {
    let mut lines = Vec::new();
    let mut differences = Vec::new();
    for depth in DEPTHS {
        let (ours, relu) =
            (best_of_initializations(record, unit, depth)?, best_of_initializations(record, "relu", depth)?);
        let difference = Interval::of_differences(&ours.accuracies(), &relu.accuracies());
        lines.push(format!(
            "{depth} layers: {} against {}, a difference of {}",
            percent(ours.accuracy()),
            percent(relu.accuracy()),
            points(difference)
        ));
        differences.push(difference);
    }
    Ok((lines, differences))
}

fn softplus(record: &Record) -> Result<Finding> {
    let (lines, differences) = against_relu(record, "softplus")?;
    let parts: Vec<bool> = differences.iter().map(|difference| !difference.is_above_0()).collect();
    Ok(Finding { verdict: Verdict::of(&parts), figures: lines.join("; ") + "." })
}

fn swish(record: &Record) -> Result<Finding> {
    let (lines, differences) = against_relu(record, "swish learned")?;
    let learned = best_of_initializations(record, "swish learned", DEEP)?.learned("beta");
    let learned: Vec<String> = learned.into_iter().map(|beta| beta.map_or("∞".into(), |b| format!("{b:.2}"))).collect();
    let figures =
        format!("{}. Beta begins at 1 and ends, layer by layer, at {}.", lines.join("; "), learned.join(", "));
    Ok(Finding { verdict: Verdict::of(&[differences[1].is_above_0()]), figures })
}

fn maxout(record: &Record) -> Result<Finding> {
    let (mut lines, mut differences) = against_relu(record, "maxout")?;
    for depth in DEPTHS {
        let plan = narrow_maxout(depth)?;
        let (ours, relu) = (best(record, &plan)?, best_of_initializations(record, "relu", depth)?);
        let difference = Interval::of_differences(&ours.accuracies(), &relu.accuracies());
        lines.push(format!(
            "{depth} layers of {} units, {} parameters against {}: {}, a difference of {}",
            plan.hidden[0],
            parameters(plan.hidden[0], depth, 2),
            parameters(WIDTH, depth, 1),
            percent(ours.accuracy()),
            points(difference)
        ));
        differences.push(difference);
    }
    let parts: Vec<bool> = differences.into_iter().map(Interval::is_above_0).collect();
    Ok(Finding { verdict: Verdict::of(&parts), figures: lines.join("; ") + "." })
}

fn hard_sigmoid(record: &Record) -> Result<Finding> {
    let of = |unit: &str| best(record, &digits(unit, SHALLOW, COMMON));
    let (hard, soft) = (of("hard_sigmoid")?, of("sigmoid")?);
    let difference = Interval::of_differences(&hard.accuracies(), &soft.accuracies());
    let time = |unit: &str| -> Result<f64> {
        let times = (1..=REPEATS).map(|repeat| Ok(record.needed(&timed(unit, repeat))?.step_ms));
        times.reduce(|least, next| Ok(f64::min(least?, next?))).context("no time was taken")?
    };
    let (hard_ms, soft_ms) = (time("hard_sigmoid")?, time("sigmoid")?);
    let figures = format!(
        "{} against {}, a difference of {}. A step of training takes {hard_ms:.1} ms against {soft_ms:.1} ms (the least of \
         {REPEATS}), products of matrices and all.",
        percent(hard.accuracy()),
        percent(soft.accuracy()),
        points(difference),
    );
    let parts = [hard_ms < 0.97 * soft_ms, difference.mean - difference.half > -0.01];
    Ok(Finding { verdict: Verdict::of(&parts), figures })
}

fn two_logits(record: &Record) -> Result<Finding> {
    let [softmax, sigmoid] = [Head::SoftmaxWith0, Head::Sigmoid].map(|head| record.needed(&of_two_classes(head)));
    let losses = |outcome: &Outcome| -> Option<Vec<f32>> {
        outcome.networks.iter().flat_map(|network| network.losses.iter().copied()).collect()
    };
    let (Some(softmax), Some(sigmoid)) = (losses(softmax?), losses(sigmoid?)) else {
        anyhow::bail!("a loss is not finite");
    };
    let pairs = softmax.iter().zip(&sigmoid);
    let largest = pairs.map(|(a, b)| f64::from((a - b).abs() / b)).fold(0.0, f64::max);
    let figures = format!(
        "{} networks for two moons, from the same weights with the same minibatches: the losses of {} epochs differ by \
         {largest:.1e} of themselves at most. f32 has steps of 1.2e-7.",
        softmax.len() / of_two_classes(Head::Sigmoid).epochs,
        softmax.len(),
    );
    Ok(Finding { verdict: Verdict::of(&[largest < 1e-5]), figures })
}

/// Whether one reaches the goal in fewer epochs than another, beyond the interval of their difference.
fn is_faster(one: &Summary<'_>, other: &Summary<'_>) -> bool {
    match (one.epochs_to_goal(), other.epochs_to_goal()) {
        (Some(one), Some(other)) => Interval::of_differences(&other, &one).is_above_0(),
        (reached, never) => reached.is_some() && never.is_none(),
    }
}

// ---- Text ----------------------------------------------------------------------------------------------------------

/// An accuracy with its interval.
pub fn percent(accuracy: Interval) -> String {
    format!("{:.1} ± {:.1} %", 100.0 * accuracy.mean, 100.0 * accuracy.half)
}

/// A difference of accuracies.
fn points(difference: Interval) -> String {
    format!("{:+.1} ± {:.1} points", 100.0 * difference.mean, 100.0 * difference.half)
}

fn epochs(summary: &Summary<'_>) -> String {
    summary.epochs_to_goal().map_or("never".to_owned(), |epochs| {
        let interval = Interval::of(&epochs);
        format!("{:.1} ± {:.1}", interval.mean, interval.half)
    })
}
