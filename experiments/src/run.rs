//! The trainings that a run needs, with progress.

use crate::Arguments;
use anyhow::{Context, Result, bail};
use experiments::claims::CLAIMS;
use experiments::data::Task;
use experiments::lab::Lab;
use experiments::plan::Plan;
use experiments::record::{Entry, Origin, Record};
use experiments::report::Results;
use experiments::study::{self, Experiment};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;
use std::time::Instant;

pub fn list() -> Result<()> {
    for experiment in Experiment::ALL {
        println!("{:<14} {} trainings", experiment.name(), experiment.plans().len());
    }
    for claim in &CLAIMS {
        println!("{:<14} {}", claim.name, claim.text);
    }
    Ok(())
}

pub fn perform(arguments: &Arguments) -> Result<()> {
    let plans = if arguments.names.is_empty() { all_plans()? } else { plans_of(&arguments.names)? };
    let lab = Lab::open()?;
    let date = time::OffsetDateTime::now_utc().date().to_string();
    let origin = Origin { adapter: lab.adapter(), driver: lab.driver(), date };
    let mut record = Record::open(&arguments.record, origin)?;
    train(&plans, &lab, &arguments.data, &mut record)?;
    if arguments.names.is_empty() {
        let folder = &arguments.output;
        Results::of(&record)?.write(&record, &arguments.data, folder)?;
        println!("tables and pictures are in {}", folder.display());
        return Ok(());
    }
    for claim in CLAIMS.iter().filter(|claim| arguments.names.iter().any(|name| name == claim.name)) {
        let finding = claim.judge(&record)?;
        println!("{}: {}\n{}. {}", claim.name, claim.text, finding.verdict, finding.figures);
    }
    Ok(())
}

fn all_plans() -> Result<Vec<Plan>> {
    let mut plans: Vec<Plan> = Experiment::ALL.into_iter().flat_map(Experiment::plans).collect();
    for claim in &CLAIMS {
        plans.extend(claim.plans()?);
    }
    Ok(plans)
}

fn plans_of(names: &[String]) -> Result<Vec<Plan>> {
    let mut plans = Vec::new();
    for name in names {
        let experiment = Experiment::ALL.into_iter().find(|experiment| experiment.name() == name);
        let claim = CLAIMS.iter().find(|claim| claim.name == name);
        match (experiment, claim) {
            (Some(experiment), _) => plans.extend(experiment.plans()),
            (_, Some(claim)) => plans.extend(claim.plans()?),
            (None, None) => {
                let experiments = Experiment::ALL.iter().map(|experiment| experiment.name());
                let known: Vec<&str> = experiments.chain(CLAIMS.iter().map(|claim| claim.name)).collect();
                bail!("no experiment is named {name:?}; there are {}", known.join(", "));
            }
        }
    }
    Ok(plans)
}

/// Trains the plans that the record lacks.
fn train(plans: &[Plan], lab: &Lab, folder: &Path, record: &mut Record) -> Result<()> {
    let mut missing: Vec<&Plan> = Vec::new();
    for plan in plans {
        if record.outcome(plan).is_none() && !missing.contains(&plan) {
            missing.push(plan);
        }
    }
    let bar = ProgressBar::new(missing.iter().map(|plan| plan.epochs as u64 * work(plan)).sum());
    bar.set_style(ProgressStyle::with_template("{wide_bar} {percent}% {elapsed} {eta} left {msg}")?);
    for (number, plan) in missing.iter().enumerate() {
        bar.set_message(format!("{}/{} {}", number + 1, missing.len(), plan.unit));
        let start = Instant::now();
        let outcome = study::train(plan, lab, folder, || bar.inc(work(plan)));
        let outcome = outcome.with_context(|| format!("cannot train {}", plan.unit))?;
        if bar.is_hidden() {
            let (number, seconds) = (number + 1, start.elapsed().as_secs_f64());
            println!("{number}/{} {:?} {} {seconds:.1} s", missing.len(), plan.task, plan.unit);
        }
        record.keep(Entry { plan: (*plan).clone(), outcome })?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// About how long an epoch takes: a step of many layers takes longer, and one of a differential equation is an epoch.
fn work(plan: &Plan) -> u64 {
    if plan.task == Task::Pinn {
        return 10;
    }
    let networks = plan.rates.len() * plan.seeds.len();
    (plan.hidden.iter().map(|units| 20 + units * plan.batch * networks / 1000).sum::<usize>() + 40) as u64
}
