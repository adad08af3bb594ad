//! What is printed: Markdown tables for people, or JSON lines for machines, and a summary.

use crate::contestants::{Libraries, version};
use crate::session::{BURN, Work};
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use gpu_activations::wgpu::AdapterInfo;
use serde_json::json;

/// The seconds that one contestant took for one run, sample by sample.
pub struct Figures {
    pub name: &'static str,
    pub seconds: Vec<f64>,
}

struct Ratio {
    group: &'static str,
    case: String,
    ratio: f64,
}

pub struct Report {
    json: bool,
    group: &'static str,
    table: Table,
    /// How many times as fast as burn, which counts in the fastest of its forms.
    ratios: Vec<Ratio>,
}

impl Report {
    pub fn new(json: bool) -> Self {
        Report { json, group: "", table: Table::new(), ratios: Vec::new() }
    }

    pub fn adapters(&self, libraries: &Libraries, samples: u16) {
        let adapters = [("gpu-activations", &libraries.context.adapter_info()), (BURN, &libraries.burn_adapter)];
        for (library, info) in adapters {
            let AdapterInfo { name, backend, driver, driver_info, .. } = info;
            let version = version(library);
            if self.json {
                println!(
                    "{}",
                    json!({
                        "library": library, "version": version, "adapter": name, "backend": backend.to_string(),
                        "driver": driver, "driver_info": driver_info,
                    })
                );
            } else {
                println!("{library} {version}: {name}, {backend}, {driver} {driver_info}");
            }
        }
        if !self.json {
            println!("ndarray {}, wgpu {}. Medians of {samples} samples.", version("ndarray"), version("wgpu"));
            println!("A ratio above 1 says that gpu-activations is faster.");
        }
    }

    pub fn begin(&mut self, group: &'static str) {
        self.group = group;
        self.table = Table::new();
        self.table.load_style(ASCII_MARKDOWN).set_header(["case", "gpu-activations", "peer", "its figure", "ratio"]);
        for column in [1, 3, 4] {
            let column = self.table.column_mut(column).expect("the header has five columns");
            column.set_cell_alignment(CellAlignment::Right);
        }
        eprintln!("measuring: {group}");
    }

    /// The first one is ours.
    pub fn case(&mut self, case: &str, work: Work, contestants: Vec<Figures>) {
        let Some((ours, peers)) = contestants.split_first() else { return };
        if self.json {
            self.line(case, work, ours, None);
        } else if peers.is_empty() {
            self.table.add_row([case, &figure(work, ours), "", "", ""]);
        }
        let ratio = |peer: &Figures| median(&peer.seconds) / median(&ours.seconds);
        let to_burn = peers.iter().filter(|peer| peer.name.starts_with(BURN)).map(ratio).min_by(f64::total_cmp);
        self.ratios.extend(to_burn.map(|ratio| Ratio { group: self.group, case: case.to_owned(), ratio }));
        for peer in peers {
            let ratio = ratio(peer);
            if self.json {
                self.line(case, work, peer, Some(ratio));
            } else {
                let row = [case, &figure(work, ours), peer.name, &figure(work, peer), &format!("{ratio:.2}")];
                self.table.add_row(row);
            }
        }
    }

    fn line(&self, case: &str, work: Work, contestant: &Figures, ratio: Option<f64>) {
        let (figure, unit) = work.figure(median(&contestant.seconds));
        println!(
            "{}",
            json!({
                "group": self.group, "case": case, "contestant": contestant.name, "figure": figure, "unit": unit,
                "ratio": ratio, "seconds": contestant.seconds,
            })
        );
    }

    pub fn end(&self) {
        if !self.json {
            println!("\n## {}\n\n{}", self.group, self.table);
        }
    }

    /// Group by group, and all together.
    pub fn summary(&self) {
        if !self.json {
            println!("\n## To burn, in the fastest of its forms\n");
        }
        for group in self.ratios.chunk_by(|a, b| a.group == b.group) {
            self.summarize(group[0].group, group);
        }
        self.summarize("All", &self.ratios);
    }

    fn summarize(&self, name: &str, ratios: &[Ratio]) {
        let Some(worst) = ratios.iter().min_by(|a, b| a.ratio.total_cmp(&b.ratio)) else { return };
        let cases = ratios.len();
        let mean = (ratios.iter().map(|case| case.ratio.ln()).sum::<f64>() / cases as f64).exp();
        let Ratio { case, ratio, .. } = worst;
        if self.json {
            let worst = json!({ "case": case, "ratio": ratio });
            println!(
                "{}",
                json!({ "summary": name, "peer": BURN, "cases": cases, "geometric_mean": mean, "worst": worst })
            );
        } else {
            println!("- {name}; cases: {cases}, geometric mean: {mean:.2}, worst: {ratio:.2} ({case})");
        }
    }
}

impl Work {
    fn figure(self, seconds: f64) -> (f64, &'static str) {
        match self {
            Work::Bytes(bytes) => (bytes as f64 / seconds / 1e9, "GB/s"),
            Work::Operations(count) => (seconds / count as f64 * 1e6, "µs"),
        }
    }
}

fn figure(work: Work, contestant: &Figures) -> String {
    let (figure, unit) = work.figure(median(&contestant.seconds));
    format!("{figure:.2} {unit}")
}

fn median(seconds: &[f64]) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
