//! Counts the instructions of real GPU machine code without a GPU: Mesa's RADV compiles for AMD GPUs that are not there,
//! and prints what it has made.

use crate::{adapter, cargo, run};
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// RDNA 3, of the year 2022.
const GPU: &str = "gfx1100";
/// The upper bounds, below a line that names driver and GPU.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/instructions.csv");
const COLUMNS: &str =
    "function,pass,storage,accuracy,kernel,elements,instructions,transcendental,registers,spills,scratch";

/// So many of the last lines that the driver printed are shown if it fails.
const SHOWN_LINES: usize = 20;

/// The columns that tell a kernel.
const KEYS: usize = 5;

/// Units of their own that compute reciprocals, roots, exponentials, logarithms, sines and cosines.
const TRANSCENDENTAL: [&str; 7] = ["v_rcp_", "v_rsq_", "v_sqrt_", "v_exp_", "v_log_", "v_sin_", "v_cos_"];

/// What became of one kernel.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Code {
    /// Elements that the code of an invocation handles, loops taken once.
    elements: u64,
    /// Vector instructions, loops counted once.
    instructions: u64,
    transcendental: u64,
    /// Vector registers.
    registers: u64,
    /// Registers of either kind that the driver keeps in memory.
    spills: u64,
    /// Bytes of memory of an invocation's own, such as arrays that no register holds.
    scratch: u64,
    /// The time that the driver took, in microseconds.
    time: u64,
}

/// Function, pass, storage, accuracy and entry point, parted by commas.
type Kernels = BTreeMap<String, Code>;

#[derive(Debug, Default)]
struct Counts {
    /// The driver and the GPU.
    adapter: String,
    kernels: Kernels,
}

#[derive(clap::Args)]
pub struct Arguments {
    /// The functions; all if none is named.
    names: Vec<String>,
    /// Holds the counts, not the times, as upper bounds against benches/instructions.csv.
    #[arg(long, conflicts_with = "names")]
    check: bool,
    /// Writes the counts to benches/instructions.csv.
    #[arg(long, conflicts_with_all = ["names", "check"])]
    write: bool,
}

pub fn perform(arguments: &Arguments) -> Result<()> {
    let driver = driver()?;
    // Printing takes longer than compiling, so the time is that of another run.
    let counts = counts_of(compilation(&driver, "shaderstats,shaders,nocache", &arguments.names)?)?;
    let silent = counts.kernels.iter().find(|(_, code)| code.instructions == 0 || code.registers == 0);
    ensure!(silent.is_none(), "the driver has not printed its code of {}", silent.map_or("", |(key, _)| key));
    if arguments.check {
        return check(&counts);
    }
    if arguments.write {
        return fs::write(TABLE, table(&counts)).context(TABLE);
    }
    let times = counts_of(compilation(&driver, "nocache", &arguments.names)?)?;
    print(&counts, &times.kernels);
    Ok(())
}

/// The file by which Vulkan's loader finds RADV, installed where there is none.
fn driver() -> Result<PathBuf> {
    let find = || -> Option<PathBuf> {
        let folders = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
        let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let mut paths = entries.map(|entry| entry.path());
        paths.find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("radeon_icd.") && name.ends_with(".json")
        })
    };
    if let Some(path) = find() {
        return Ok(path);
    }
    adapter::install("RADV, Mesa's driver for AMD GPUs, is not found", adapter::PACKAGE)?;
    find().with_context(|| format!("{} is installed, but RADV is not found", adapter::PACKAGE))
}

/// The command that compiles the functions; the driver prints on its stderr what `RADV_DEBUG` asks for.
fn compilation(driver: &Path, debug: &str, names: &[String]) -> Result<Command> {
    run(cargo(&["bench", "--quiet", "--features", "full", "--bench", "instructions", "--no-run"]))?;
    let mut command = cargo(&["bench", "--quiet", "--features", "full", "--bench", "instructions", "--"]);
    command.args(names).env("VK_DRIVER_FILES", driver).env("RADV_FORCE_FAMILY", GPU).env("RADV_DEBUG", debug);
    Ok(command)
}

/// Runs a command that compiles, and counts what the driver prints.
fn counts_of(mut command: Command) -> Result<Counts> {
    let mut child = command.stderr(Stdio::piped()).spawn().with_context(|| format!("cannot run {command:?}"))?;
    let counts = counts(BufReader::new(child.stderr.take().context("stderr is a pipe")?));
    let status = child.wait()?;
    ensure!(status.success() || counts.is_err(), "{command:?} failed: {status}");
    counts
}

/// Counts what a driver prints. Output that ends within a kernel is an error, which shows the last lines.
fn counts(output: impl BufRead) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut last = VecDeque::new();
    let mut now = None;
    for line in output.lines() {
        let line = line.context("the driver's output is no text")?;
        if let Some(adapter) = line.strip_prefix("@adapter ") {
            counts.adapter = adapter.to_owned();
        } else if let Some(kernel) = line.strip_prefix("@kernel ") {
            let (key, elements) = kernel.rsplit_once(' ').context("a kernel without elements")?;
            now = Some((key.replace(' ', ","), Code { elements: elements.parse()?, ..Code::default() }));
        } else if let Some(time) = line.strip_prefix("@done ") {
            let (key, code) = now.take().context("a kernel ends that has not begun")?;
            ensure!(!counts.kernels.contains_key(&key), "there are two kernels {key}");
            counts.kernels.insert(key, Code { time: time.parse()?, ..code });
        } else if let Some((_, code)) = &mut now {
            code.read(&line)?;
        }
        if last.len() == SHOWN_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
    if now.is_some() || counts.kernels.is_empty() {
        let within =
            now.map_or_else(|| "no kernel is compiled".to_owned(), |(key, _)| format!("{key} is not compiled"));
        bail!("{within}; the last lines of the output:\n{}", Vec::from(last).join("\n"));
    }
    Ok(counts)
}

impl Code {
    /// Reads a line of what RADV prints of a kernel.
    fn read(&mut self, line: &str) -> Result<()> {
        if line.trim_start().starts_with("v_") {
            // Two instructions issued at once are one line.
            for instruction in line.split(" :: ") {
                let name = instruction.trim_start();
                self.instructions += 1;
                self.transcendental += u64::from(TRANSCENDENTAL.iter().any(|prefix| name.starts_with(prefix)));
            }
        } else if let Some((what, number)) = line.split_once(": ") {
            match what {
                "VGPRs" => self.registers = number.trim().parse()?,
                "Spilled SGPRs" | "Spilled VGPRs" => self.spills += number.trim().parse::<u64>()?,
                "Scratch size" => self.scratch = number.trim().parse()?,
                _ => {}
            }
        }
        Ok(())
    }

    fn bounds(&self) -> [(&'static str, u64); 5] {
        [
            ("instructions", self.instructions),
            ("transcendental", self.transcendental),
            ("registers", self.registers),
            ("spills", self.spills),
            ("scratch", self.scratch),
        ]
    }
}

fn print(counts: &Counts, times: &Kernels) {
    println!("{}; vector instructions an element, loops taken once", counts.adapter);
    println!(
        "{:<18} {:<9} {:<7} {:<8} {:<13} {:>12} {:>14} {:>9} {:>6} {:>7} {:>7}",
        "function",
        "pass",
        "storage",
        "accuracy",
        "kernel",
        "instructions",
        "transcendental",
        "registers",
        "spills",
        "scratch",
        "ms"
    );
    for (key, code) in &counts.kernels {
        let parts: Vec<&str> = key.split(',').collect();
        let each = |count: u64| count as f64 / code.elements as f64;
        let time = times.get(key).map_or(f64::NAN, |code| code.time as f64 / 1e3);
        println!(
            "{:<18} {:<9} {:<7} {:<8} {:<13} {:>12.1} {:>14.1} {:>9} {:>6} {:>7} {time:>7.1}",
            parts[0],
            parts[1],
            parts[2],
            parts[3],
            parts[4],
            each(code.instructions),
            each(code.transcendental),
            code.registers,
            code.spills,
            code.scratch
        );
    }
}

fn table(counts: &Counts) -> String {
    let mut table = format!("# {}\n{COLUMNS}\n", counts.adapter);
    for (key, code) in &counts.kernels {
        let bounds = code.bounds().map(|(_, bound)| bound.to_string()).join(",");
        table += &format!("{key},{},{bounds}\n", code.elements);
    }
    table
}

/// Compares counts with the table.
fn check(counts: &Counts) -> Result<()> {
    let text = fs::read_to_string(TABLE).context(TABLE)?;
    let wrong = excesses(counts, &text)?;
    wrong.iter().for_each(|wrong| println!("xtask: {wrong}"));
    let advice = "after a change that is meant, `cargo xtask instructions --write`";
    ensure!(wrong.is_empty(), "{} counts differ from benches/instructions.csv; {advice}", wrong.len());
    println!("{} kernels within their counts on {}", counts.kernels.len(), counts.adapter);
    Ok(())
}

/// What exceeds the table, or is in only one of them.
fn excesses(counts: &Counts, table: &str) -> Result<Vec<String>> {
    let mut lines = table.lines();
    let adapter = lines.next().and_then(|line| line.strip_prefix("# ")).context("the table names no driver")?;
    if adapter != counts.adapter {
        bail!("the table counts the code of {adapter}; the driver here is {}", counts.adapter);
    }
    ensure!(lines.next() == Some(COLUMNS), "the table has other columns than {COLUMNS}");
    let mut wrong = Vec::new();
    let mut left = counts.kernels.clone();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        ensure!(cells.len() == COLUMNS.split(',').count(), "a row has other columns: {line}");
        let key = cells[..KEYS].join(",");
        let numbers = cells[KEYS..].iter().map(|cell| cell.parse()).collect::<Result<Vec<u64>, _>>()?;
        let Some(code) = left.remove(&key) else {
            wrong.push(format!("{key}: is in the table, but there is no such kernel"));
            continue;
        };
        // Counts are those of an invocation, so they can be compared only for the same work.
        if code.elements != numbers[0] {
            wrong.push(format!("{key}: {} elements an invocation, in the table {}", code.elements, numbers[0]));
        }
        let bounds = code.bounds().into_iter().zip(&numbers[1..]);
        let more = bounds.filter(|((_, count), bound)| count > bound);
        wrong.extend(more.map(|((what, count), bound)| format!("{key}: {count} {what}, in the table {bound}")));
    }
    wrong.extend(left.keys().map(|key| format!("{key}: is not in the table")));
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 9] = [
        "BB0:",
        "\ts_load_b128 s[4:7], s[2:3], null ; f4080101",
        "\tv_rcp_f32_e32 v17, v15 ; 7e22550f",
        "\tv_dual_mul_f32 v1, v2, v3 :: v_dual_add_f32 v4, v5, v6 ; c8c80503",
        "\tbuffer_store_b64 v[10:11], v94, s[20:23], 0 offen ; e06c0000",
        "VGPRs: 108",
        "Spilled SGPRs: 2",
        "Spilled VGPRs: 3",
        "Scratch size: 512",
    ];

    fn counted() -> Counts {
        let mut code = Code { elements: 4, ..Code::default() };
        LINES.iter().for_each(|line| code.read(line).unwrap());
        Counts {
            adapter: "1.2.3 a card".to_owned(),
            kernels: [("gelu,forward,f32,fast,forward".to_owned(), code)].into(),
        }
    }

    #[test]
    fn vector_instructions_are_counted() {
        let code = counted().kernels["gelu,forward,f32,fast,forward"];
        assert_eq!(code.bounds().map(|(_, count)| count), [3, 1, 108, 5, 512]);
    }

    #[test]
    fn each_kernel_has_what_is_printed_between_its_ends() {
        let output = format!(
            "@adapter 1.2.3 a card\n@kernel gelu forward f32 fast forward 4\n{}\n@done 56\n@kernel gelu backward f32 fast backward 4\n@done 7\n",
            LINES.join("\n")
        );
        let counted_here = counts(output.as_bytes()).unwrap();
        assert_eq!(counted_here.adapter, "1.2.3 a card");
        let forward = counted().kernels["gelu,forward,f32,fast,forward"];
        assert_eq!(counted_here.kernels["gelu,forward,f32,fast,forward"], Code { time: 56, ..forward });
        let backward = Code { elements: 4, time: 7, ..Code::default() };
        assert_eq!(counted_here.kernels["gelu,backward,f32,fast,backward"], backward);
    }

    #[test]
    fn a_failure_names_the_kernel_and_shows_the_last_lines() {
        let output = "@adapter a\n@kernel gelu forward f32 fast forward 4\nError: out of memory\n";
        let error = counts(output.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("gelu,forward,f32,fast,forward is not compiled"), "{error}");
        assert!(error.ends_with("Error: out of memory"), "{error}");
        let error = counts("Error: there is no Vulkan adapter\n".as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("no kernel is compiled") && error.contains("no Vulkan adapter"), "{error}");
    }

    #[test]
    fn more_than_the_table_allows_is_found() {
        let counts = counted();
        let table = table(&counts);
        assert_eq!(excesses(&counts, &table).unwrap(), [""; 0]);
        assert_eq!(excesses(&counts, &table.replace(",3,1,", ",4,1,")).unwrap(), [""; 0]);
        assert_eq!(
            excesses(&counts, &table.replace(",3,1,", ",2,1,")).unwrap(),
            ["gelu,forward,f32,fast,forward: 3 instructions, in the table 2"]
        );
        assert_eq!(excesses(&counts, &table.replace("gelu", "silu")).unwrap().len(), 2);
        assert!(excesses(&counts, &table.replace("1.2.3", "1.2.4")).is_err());
    }
}
