//! Tables, pictures and verdicts from a record.

use crate::claims::{CLAIMS, Finding, Verdict, percent};
use crate::data::{Dataset, Task};
use crate::initialization::Initialization;
use crate::pictures::{Bar, Field, Line, Panel, Scale, accuracy, boundaries, lines};
use crate::record::{Origin, Record};
use crate::statistics::{Interval, mean};
use crate::study::{DEPTHS, curve, digits, has_pinn, initializations, pinn, points};
use crate::summary::Summary;
use crate::unit::Unit;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::Path;

/// The text, with names in braces where results belong.
const DOCUMENT: &str = include_str!("document.md");
/// What `experiments/peers.py` found.
const PEERS: &str = include_str!("../results/peers.json");

/// What tutorials speak of.
const TUTORIAL: [&str; 17] = [
    "sigmoid",
    "hard_sigmoid",
    "tanh",
    "softsign",
    "relu",
    "leaky_relu",
    "prelu learned",
    "elu",
    "selu",
    "softplus",
    "silu",
    "swish learned",
    "gelu",
    "mish",
    "maxout",
    "glu",
    "swiglu",
];

/// The functions whose lines are drawn.
const DRAWN: [&str; 7] = ["relu", "silu", "selu", "tanh", "sigmoid", "softplus", "maxout"];

#[derive(Deserialize)]
struct Peers {
    plan: PeerPlan,
    peers: Vec<Peer>,
}

#[derive(Deserialize)]
struct PeerPlan {
    hidden: Vec<usize>,
    rate: f32,
}

#[derive(Deserialize)]
struct Peer {
    name: String,
    version: String,
    accuracy: Vec<f64>,
}

/// All results, as they are written to `results.json`.
#[derive(Serialize)]
pub struct Results {
    pub origin: Origin,
    pub digits: Vec<Digits>,
    pub others: Vec<Others>,
    pub claims: Vec<Judged>,
}

/// A function with an initialization in a network for digits, at its best rate.
#[derive(Serialize)]
pub struct Digits {
    pub unit: String,
    pub layers: usize,
    pub initialization: Initialization,
    /// Whether it is the better one of the function's initializations on validation.
    pub is_best: bool,
    pub rate: f32,
    pub accuracy: Interval,
    pub accuracies: Vec<f64>,
    /// The accuracy at each rate.
    pub by_rate: Vec<(f32, Interval)>,
    /// Whether all losses are finite.
    pub is_finite: bool,
    pub epochs_to_goal: Option<f64>,
    pub dead: Option<f64>,
    pub step_ms: f64,
    pub losses: Vec<Option<f64>>,
    pub validation: Vec<Option<f64>>,
    pub gradient_norms: Vec<Option<f64>>,
}

/// A function in the smaller experiments.
#[derive(Serialize)]
pub struct Others {
    pub unit: String,
    pub moons: f64,
    pub spirals: f64,
    /// The root of the mean squared error on the curve.
    pub curve: Option<f64>,
    /// The largest error of the physics-informed network, for functions that have one; none within where it is not finite.
    pub pinn: Option<Option<f64>>,
}

#[derive(Serialize)]
pub struct Judged {
    pub name: &'static str,
    pub claim: &'static str,
    #[serde(flatten)]
    pub finding: Finding,
}

impl Results {
    pub fn of(record: &Record) -> Result<Results> {
        let mut digits = Vec::new();
        let mut others = Vec::new();
        for unit in Unit::all() {
            for layers in DEPTHS {
                digits.extend(of_digits(record, &unit, layers)?);
            }
            others.push(of_others(record, &unit)?);
        }
        let judged = |claim: &crate::claims::Claim| {
            Ok(Judged { name: claim.name, claim: claim.text, finding: claim.judge(record)? })
        };
        let claims = CLAIMS.iter().map(judged).collect::<Result<_>>()?;
        Ok(Results { origin: record.origin.clone(), digits, others, claims })
    }

    /// Writes JSON, tables and pictures to a folder. `data` is the folder of the data sets.
    pub fn write(&self, record: &Record, data: &Path, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
        };
        write("results.json", &(serde_json::to_string(self)? + "\n"))?;
        write("README.md", &self.document()?)?;
        let all =
            format!("# All functions\n\n[README.md](README.md) says what is meant.\n\n{}", self.table(&self.ranked()));
        write("functions.md", &all)?;
        write("accuracy.svg", &self.picture_of_accuracies()?)?;
        write("learning.svg", &self.picture_of_losses()?)?;
        write("gradients.svg", &self.picture_of_gradients()?)?;
        for (task, name, title) in
            [(Task::Moons, "moons.svg", "Two moons"), (Task::Spirals, "spirals.svg", "Two spirals")]
        {
            write(name, &picture_of_boundaries(record, &Dataset::new(task, data)?, task, title)?)?;
        }
        Ok(())
    }

    fn best(&self, unit: &str, layers: usize) -> Option<&Digits> {
        self.digits.iter().find(|row| row.unit == unit && row.layers == layers && row.is_best)
    }

    /// The functions, the most accurate in deep networks first.
    fn ranked(&self) -> Vec<&Others> {
        let accuracy = |row: &&Others| {
            DEPTHS.map(|layers| self.best(&row.unit, layers).map_or(0.0, |row| row.accuracy.mean)).into_iter().rev()
        };
        let mut rows: Vec<&Others> = self.others.iter().collect();
        rows.sort_by(|one, other| accuracy(other).partial_cmp(accuracy(one)).unwrap_or(std::cmp::Ordering::Equal));
        rows
    }

    /// The text of the results, with the table of the functions that tutorials speak of.
    fn document(&self) -> Result<String> {
        let Origin { adapter, driver, date } = &self.origin;
        let mut claims = String::new();
        for Judged { claim, finding: Finding { verdict, figures }, .. } in &self.claims {
            let _ = writeln!(claims, "**{claim}** {}. {figures}\n", capitalized(*verdict));
        }
        let known: Vec<&Others> = self.ranked().into_iter().filter(|row| TUTORIAL.contains(&&*row.unit)).collect();
        let fields = [
            ("{units}", self.others.len().to_string()),
            ("{adapter}", adapter.clone()),
            ("{driver}", driver.clone()),
            ("{date}", date.clone()),
            ("{peers}", self.peers()?),
            ("{table}", self.table(&known)),
            ("{claims}", claims.trim_end().to_owned()),
        ];
        Ok(fields.iter().fold(DOCUMENT.to_owned(), |text, (field, value)| text.replace(field, value)))
    }

    /// The plain relu network beside the same one in other libraries.
    fn peers(&self) -> Result<String> {
        let peers: Peers = serde_json::from_str(PEERS).context("experiments/results/peers.json is unreadable")?;
        let row = self.digits.iter().find(|row| {
            row.unit == "relu" && row.layers == peers.plan.hidden.len() && row.initialization == Initialization::COMMON
        });
        let ours = row.and_then(|row| row.by_rate.iter().find(|(rate, _)| *rate == peers.plan.rate));
        let (_, ours) = ours.context("relu was not trained as in experiments/results/peers.json")?;
        let of = |peer: &Peer| format!("{} {} {}", peer.name, peer.version, percent(Interval::of(&peer.accuracy)));
        let others: Vec<String> = peers.peers.iter().map(of).collect();
        let overlaps = |peer: &Peer| ours.overlaps(Interval::of(&peer.accuracy));
        let overlap = if peers.peers.iter().all(overlaps) { "overlap" } else { "do not all overlap" };
        Ok(format!(
            "The plain relu network of {} layers at a rate of {} has an accuracy of {} here; on the same split {} \
             (`experiments/peers.py`, {} seeds). The intervals {overlap}.",
            peers.plan.hidden.len(),
            peers.plan.rate,
            percent(*ours),
            others.join(" and "),
            peers.peers.first().map_or(0, |peer| peer.accuracy.len()),
        ))
    }

    fn table(&self, rows: &[&Others]) -> String {
        let [shallow, deep] = DEPTHS;
        let mut table = format!(
            "| function | {shallow} layers | epochs to 0.9 | {deep} layers | epochs to 0.9 | dead of {deep} | moons | spirals | curve | pinn | step |\n\
             |---|---|---|---|---|---|---|---|---|---|---|\n"
        );
        for row in rows {
            let cells = DEPTHS.map(|layers| self.best(&row.unit, layers));
            let accuracy = |row: &Digits| match row.is_finite {
                true => format!("{}, {}", percent(row.accuracy), shown(row.initialization)),
                false => format!("not finite, {}", shown(row.initialization)),
            };
            let epochs = |row: &Digits| row.epochs_to_goal.map_or("never".to_owned(), |epochs| format!("{epochs:.1}"));
            let text = |row: Option<&Digits>, of: &dyn Fn(&Digits) -> String| row.map_or(String::new(), of);
            let _ = writeln!(
                table,
                "| `{}` | {} | {} | {} | {} | {} | {:.1} % | {:.1} % | {} | {} | {} |",
                row.unit,
                text(cells[0], &accuracy),
                text(cells[0], &epochs),
                text(cells[1], &accuracy),
                text(cells[1], &epochs),
                text(cells[1], &|row| row.dead.map_or(String::new(), |dead| format!("{:.0} %", 100.0 * dead))),
                100.0 * row.moons,
                100.0 * row.spirals,
                row.curve.map_or("not finite".to_owned(), |error| format!("{error:.3}")),
                row.pinn.map_or(String::new(), |error| error.map_or("not finite".to_owned(), |e| format!("{e:.0e}"))),
                text(cells[1], &|row| format!("{:.0} ms", row.step_ms)),
            );
        }
        table
    }

    fn picture_of_accuracies(&self) -> Result<String> {
        let bar = |row: &Others| {
            let accuracy = |&layers: &usize| {
                let row = self.best(&row.unit, layers)?;
                row.is_finite.then_some(row.accuracy)
            };
            Bar { name: row.unit.clone(), accuracies: DEPTHS.iter().map(accuracy).collect() }
        };
        let bars: Vec<Bar> = self.ranked().into_iter().map(bar).collect();
        let names = DEPTHS.map(|layers| format!("{layers} hidden layers"));
        accuracy("Digits: accuracy on the test set, with 95 % intervals", &names.each_ref().map(|name| &**name), &bars)
    }

    fn picture_of_losses(&self) -> Result<String> {
        let panel = |layers: usize| {
            let line =
                |unit: &&str| Some(Line { name: unit.to_string(), values: self.best(unit, layers)?.losses.clone() });
            Panel { title: format!("{layers} hidden layers"), lines: DRAWN.iter().filter_map(line).collect() }
        };
        let scale = Scale { x: "epoch", y: "cross entropy", range: 1e-4..10.0 };
        lines("Digits: loss while training, at the best rate", &scale, &DEPTHS.map(panel))
    }

    fn picture_of_gradients(&self) -> Result<String> {
        let [_, deep] = DEPTHS;
        let panel = |title: &str, initialization: &dyn Fn(&Unit) -> Initialization| -> Result<Panel> {
            let mut panel = Panel { title: title.to_owned(), lines: Vec::new() };
            for name in DRAWN {
                let initialization = initialization(&name.parse()?);
                let row = self
                    .digits
                    .iter()
                    .find(|row| row.unit == name && row.layers == deep && row.initialization == initialization);
                let values = row.map_or(Vec::new(), |row| row.gradient_norms.clone());
                panel.lines.push(Line { name: name.to_owned(), values });
            }
            Ok(panel)
        };
        let scale = Scale { x: "layer", y: "norm of the gradient of its weights", range: 1e-6..1e3 };
        let panels = [
            panel("initialized alike (Glorot)", &|_| Initialization::COMMON)?,
            panel("as each function's source does", &Initialization::of_source)?,
        ];
        lines(&format!("Gradients by depth before training, {deep} hidden layers"), &scale, &panels)
    }
}

fn of_digits(record: &Record, unit: &Unit, layers: usize) -> Result<Vec<Digits>> {
    let mut rows = Vec::new();
    let mut best = (f64::NEG_INFINITY, 0);
    for (index, initialization) in initializations(unit).into_iter().enumerate() {
        let outcome = record.needed(&digits(&unit.to_string(), layers, initialization))?;
        let summary = Summary::best(outcome).with_context(|| format!("{unit} has no rate"))?;
        if summary.merit() > best.0 {
            best = (summary.merit(), index);
        }
        rows.push(Digits {
            unit: unit.to_string(),
            layers,
            initialization,
            is_best: false,
            rate: summary.rate,
            accuracy: summary.accuracy(),
            accuracies: summary.accuracies(),
            by_rate: Summary::by_rate(outcome).iter().map(|summary| (summary.rate, summary.accuracy())).collect(),
            is_finite: summary.is_finite(),
            epochs_to_goal: summary.epochs_to_goal().map(|epochs| mean(&epochs)),
            dead: summary.dead(),
            step_ms: outcome.step_ms,
            losses: summary.losses(),
            validation: summary.validation(),
            gradient_norms: summary.gradient_norms(),
        });
    }
    rows[best.1].is_best = true;
    Ok(rows)
}

fn of_others(record: &Record, unit: &Unit) -> Result<Others> {
    let best = |plan| Summary::best(record.needed(&plan)?).with_context(|| format!("{unit} has no rate"));
    let error = |plan| -> Result<_> { Ok(best(plan)?.errors().map(|errors| mean(&errors))) };
    Ok(Others {
        unit: unit.to_string(),
        moons: best(points(Task::Moons, unit))?.accuracy().mean,
        spirals: best(points(Task::Spirals, unit))?.accuracy().mean,
        curve: error(curve(unit))?,
        pinn: has_pinn(unit).then(|| error(pinn(unit))).transpose()?,
    })
}

/// The areas of the first seed at the best rate.
fn picture_of_boundaries(record: &Record, data: &Dataset, task: Task, title: &str) -> Result<String> {
    let field = |unit: Unit| {
        let summary =
            Summary::best(record.needed(&points(task, &unit))?).with_context(|| format!("{unit} has no rate"))?;
        let accuracy = format!("{:.1} %", 100.0 * summary.accuracies()[0]);
        let note = if summary.is_finite() { accuracy } else { "not finite".to_owned() };
        Ok(Field { name: unit.to_string(), note, values: summary.networks[0].picture.clone() })
    };
    let fields = Unit::all().into_iter().map(field).collect::<Result<Vec<_>>>()?;
    boundaries(
        &format!("{title}: where a network of 16 + 16 units sees the second class, and its accuracy"),
        data,
        &fields,
    )
}

fn shown(initialization: Initialization) -> &'static str {
    match initialization {
        Initialization::Glorot => "Glorot",
        Initialization::He { .. } => "He",
        Initialization::LeCun => "LeCun",
        Initialization::Siren { .. } => "Siren",
    }
}

fn capitalized(verdict: Verdict) -> String {
    let text = verdict.to_string();
    text[..1].to_uppercase() + &text[1..]
}
