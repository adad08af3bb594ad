//! Kernels that work along an axis by statistics of each row.

use crate::catalog::{Definition, RowKernels, Source, source};
use crate::shader::compose::{Part, parts};
use crate::shader::form::DeviceForm;
use crate::shader::math::Math;
use crate::shader::parameters::{ParameterForm, function_parts};
use crate::shader::storage::{Aliasing, Direction, Storage};
use std::fmt::Write as _;

/// The team that works on a row, or on a chunk of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Team {
    Invocation,
    /// Lanes of a subgroup. A workgroup has `tasks` tasks, which its subgroups share.
    Subgroup {
        tasks: u32,
    },
    /// A workgroup of so many invocations. If `subgroups` is above 0, their lanes exchange values; it is the number of
    /// the smallest ones in a workgroup.
    Workgroup {
        lanes: u32,
        subgroups: u32,
    },
}

/// The order of a row's elements in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Orientation {
    /// In succession, along the last axis.
    Rows,
    /// Apart, along another axis; rows lie side by side.
    Columns,
}

/// The form of what is done to each block of a row that is held in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Turns {
    /// Loops, which take less code.
    Loops,
    /// One after the other, so that every index of an array is a constant. A GPU's driver may leave a loop as it is and put
    /// the arrays that it indexes into memory: on an H100 that cost softmax's gradient two thirds of its speed.
    WrittenOut,
}

impl Turns {
    fn part(self, blocks: u64) -> Part {
        if self == Turns::Loops {
            return source!("rowwise/kernels/blocks_in_loops.wgsl").into();
        }
        let turns =
            |turn: &str| (0..blocks).map(|block| turn.replace("BLOCK", &format!("{block}u"))).collect::<String>();
        let loaded = turns("    t = loaded_block(team, row, BLOCK, t, held);\n");
        let gathered = turns("    t = gathered_block(team, row, BLOCK, previous, t, held);\n");
        let written = turns("    write_block(team, row, BLOCK, s, held);\n");
        let text = format!(
            "fn loaded_blocks(team: Team, row: u32, s: Statistics, held: ptr<function, Held>) -> Statistics {{\n    \
             var t = s;\n{loaded}    return t;\n}}\n\n\
             fn gathered_blocks(team: Team, row: u32, previous: Statistics, s: Statistics, held: ptr<function, Held>) \
             -> Statistics {{\n    var t = s;\n{gathered}    return t;\n}}\n\n\
             fn write_blocks(team: Team, row: u32, s: Statistics, held: ptr<function, Held>) {{\n{written}}}\n"
        );
        Part::made("(turns written out)", text)
    }
}

/// Rows in the registers of their teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Held {
    /// Fours of entries that each lane holds.
    pub blocks: u64,
    /// Whether a team may have more lanes than `blocks` was computed for.
    pub larger_teams: bool,
    /// Whether a row has as many entries as its team has room for.
    pub full: bool,
}

impl Held {
    fn parts(self, turns: Turns) -> Vec<Part> {
        let Held { blocks, larger_teams, full } = self;
        let text = format!(
            "const BLOCKS: u32 = {blocks}u;\nconst LARGER_TEAMS: bool = {larger_teams};\nconst FULL: bool = {full};\n"
        );
        let held = source!("rowwise/kernels/held_rows.wgsl");
        parts![
            source!("rowwise/kernels/rows.wgsl"),
            source!("rowwise/results.wgsl"),
            Part::made("(blocks of the call)", text),
            held,
            turns.part(blocks)
        ]
        .into()
    }
}

/// The work of a dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Statistics and results of whole rows.
    Fused,
    /// The same for rows in registers.
    FusedHeld(Held, Turns),
    /// Statistics of whole rows.
    Statistics,
    /// The same for rows in registers.
    StatisticsHeld(Held, Turns),
    /// Statistics of chunks in one round.
    Partial { is_first_round: bool },
    /// Statistics of rows from those of their chunks.
    Combine,
    /// Results chunk by chunk.
    WriteRows,
    /// Results word by word.
    WriteWords,
    /// One result a row.
    WriteReduced,
}

impl Stage {
    pub(crate) fn entry_point(self) -> &'static str {
        match self {
            Stage::Fused | Stage::FusedHeld(..) => "fused",
            Stage::Statistics => "whole",
            Stage::StatisticsHeld(..) => "whole_held",
            Stage::Partial { is_first_round: true } => "partial",
            Stage::Partial { is_first_round: false } => "partial_again",
            Stage::Combine => "combine",
            Stage::WriteRows => "write_rows",
            Stage::WriteWords => "write_words",
            Stage::WriteReduced => "write_reduced",
        }
    }
}

/// What is computed of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AlongPass {
    Forward,
    Backward,
    /// The gradient from y instead of x.
    BackwardFromOutput,
    /// The gradient by dy of a double backward pass, from x and v, which is bound as dy.
    Tangent,
    /// The gradient by x of a double backward pass.
    DoubleBackward,
    /// The gradient by the sink, one number for each row.
    SinkGradient,
}

impl From<Direction> for AlongPass {
    fn from(direction: Direction) -> AlongPass {
        match direction {
            Direction::Forward => AlongPass::Forward,
            Direction::Backward => AlongPass::Backward,
        }
    }
}

/// The statistics of a row, and the results that follow from them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RowStatistics {
    Function {
        kernels: &'static RowKernels,
        pass: AlongPass,
        /// Whether the temperature differs from 1.
        tempered: bool,
        /// Whether entries are counted that a mask keeps.
        counted: bool,
        sink: bool,
    },
    /// The summed gradient of a parameter.
    Gradient { definition: &'static Definition, parameter: &'static str, parameters: ParameterForm },
}

/// A kernel along an axis; [`Stage::entry_point`] names its entry point.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RowwiseKernel {
    pub statistics: RowStatistics,
    pub storage: Storage,
    pub aliasing: Aliasing,
    pub orientation: Orientation,
    /// Whether every four elements handled together are a whole vector.
    pub whole_vectors: bool,
    pub masking: Masking,
    pub team: Team,
    pub stage: Stage,
}

/// The most runs of axes along which a mask lies or repeats.
pub(crate) const MOST_MASK_RUNS: usize = 8;

/// The way in which a mask lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Masking {
    None,
    /// As x does.
    Whole,
    /// Along so many runs of x's axes it lies or repeats.
    Repeated {
        runs: usize,
    },
}

impl Masking {
    fn parts(self) -> Vec<Part> {
        match self {
            Masking::None => parts![source!("rowwise/masks/none.wgsl")].into(),
            Masking::Whole => parts![source!("rowwise/masks/bytes.wgsl")].into(),
            Masking::Repeated { runs } => {
                let indices = Part::made("(axes of the mask)", mask_at(runs));
                parts![source!("memory/quotient.wgsl"), source!("rowwise/masks/repeated.wgsl"), indices].into()
            }
        }
    }
}

/// The function `mask_at`, written out: llvmpipe ends loops within the loop over elements.
fn mask_at(runs: usize) -> String {
    let of =
        |name: &str, run: usize| format!("i32(uniforms.mask_{name}[{}].{})", run / 4, ["x", "y", "z", "w"][run % 4]);
    let mut text = "fn mask_at(index: u32) -> bool {\n    let whole_0 = i32(uniforms.first_mask + index);\n".to_owned();
    let mut terms = Vec::new();
    for run in 0..runs {
        let (next, stride) = (run + 1, of("strides", run));
        if next == runs {
            terms.push(format!("whole_{run} * {stride}"));
            break;
        }
        let length = of("lengths", run);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    let whole_{next} = quotient(whole_{run}, {length});");
        terms.push(format!("(whole_{run} - whole_{next} * {length}) * {stride}"));
    }
    let _ = write!(text, "    return mask_byte({});\n}}\n", terms.join(" + "));
    text
}

impl Team {
    fn uses_subgroups(self) -> bool {
        !matches!(self, Team::Invocation | Team::Workgroup { subgroups: 0, .. })
    }

    fn source(self) -> Source {
        match self {
            Team::Invocation => source!("rowwise/teams/invocation.wgsl"),
            Team::Subgroup { .. } => source!("rowwise/teams/subgroup.wgsl"),
            Team::Workgroup { subgroups: 0, .. } => source!("rowwise/teams/workgroup.wgsl"),
            Team::Workgroup { .. } => source!("rowwise/teams/workgroup_of_subgroups.wgsl"),
        }
    }
}

impl AlongPass {
    /// The entry point of this pass in functions of groups of entries.
    pub(crate) fn of_groups(self) -> &'static str {
        match self {
            AlongPass::Forward => "forward",
            AlongPass::Backward | AlongPass::BackwardFromOutput | AlongPass::SinkGradient => "backward",
            AlongPass::Tangent => "tangent",
            AlongPass::DoubleBackward => "double_backward",
        }
    }

    fn direction(self, reduces: bool) -> Source {
        match self {
            AlongPass::Forward => source!("rowwise/directions/forward.wgsl"),
            AlongPass::BackwardFromOutput => source!("rowwise/directions/backward_from_output.wgsl"),
            AlongPass::Backward if reduces => source!("rowwise/directions/backward_of_reduced.wgsl"),
            AlongPass::Backward | AlongPass::Tangent | AlongPass::DoubleBackward | AlongPass::SinkGradient => {
                source!("rowwise/directions/backward.wgsl")
            }
        }
    }

    /// The form of a function's part in this pass.
    fn part(self, part: Source) -> Source {
        match (self, part.file) {
            (AlongPass::Tangent, "rowwise/functions/log_softmax.wgsl") => {
                source!("rowwise/functions/log_softmax_tangent.wgsl")
            }
            (AlongPass::DoubleBackward, "rowwise/statistics.wgsl") => source!("rowwise/statistics_twice.wgsl"),
            (AlongPass::DoubleBackward, "rowwise/exponentials.wgsl") => source!("rowwise/exponentials_twice.wgsl"),
            (AlongPass::DoubleBackward, "rowwise/exponentials_shuffled.wgsl") => {
                source!("rowwise/exponentials_twice_shuffled.wgsl")
            }
            _ => part,
        }
    }
}

impl RowStatistics {
    /// Bytes of a row's statistics in memory: the stride of `Statistics` in the shader.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            RowStatistics::Function { pass: AlongPass::DoubleBackward, .. } => 56,
            RowStatistics::Function { .. } => 48,
            RowStatistics::Gradient { .. } => 8,
        }
    }

    /// Whether each entry has a v. Such a row does not fit into the registers of its team.
    pub(crate) fn has_tangents(&self) -> bool {
        matches!(self, RowStatistics::Function { pass: AlongPass::DoubleBackward, .. })
    }

    fn parts(&self, storage: Storage) -> Vec<Part> {
        match self {
            RowStatistics::Function { kernels, pass, tempered, counted, sink } => {
                let own = kernels.parts.iter().map(|&part| match part.file {
                    "rowwise/scores/temperature_one.wgsl" if *tempered => {
                        source!("rowwise/scores/temperature_any.wgsl")
                    }
                    "rowwise/weights.wgsl" if storage != Storage::F32 => source!("rowwise/weights_sixteen.wgsl"),
                    _ => pass.part(part),
                });
                let statistics = pass.part(source!("rowwise/statistics.wgsl"));
                let common = [source!("parameters/none.wgsl"), statistics, source!("rowwise/magnitudes.wgsl")];
                let sink =
                    if *sink { source!("rowwise/sinks/buffer.wgsl") } else { source!("rowwise/sinks/none.wgsl") };
                let gradient = (*pass == AlongPass::SinkGradient).then_some(source!("rowwise/sinks/gradient.wgsl"));
                let of_pass = [pass.direction(kernels.reduces), sink].into_iter().chain(gradient);
                let counts = Part::made("(counts of the call)", format!("const COUNTED: bool = {counted};\n"));
                common.into_iter().chain(of_pass).chain(own).map(Part::from).chain([counts]).collect()
            }
            RowStatistics::Gradient { definition, parameter, parameters } => {
                let mut all = function_parts(definition, Math::Highest);
                all.extend(parts![
                    parameters.term(parameter),
                    source!("rowwise/directions/backward.wgsl"),
                    source!("parameters/gradient_statistics.wgsl"),
                ]);
                all.extend(parameters.accessors(definition));
                all
            }
        }
    }

    /// The part that moves statistics between lanes.
    fn shuffled(&self) -> Source {
        match self {
            RowStatistics::Function { kernels, pass, .. } => pass.part(kernels.shuffled),
            RowStatistics::Gradient { .. } => source!("parameters/gradient_shuffled.wgsl"),
        }
    }
}

impl RowwiseKernel {
    pub(crate) fn parts(&self, form: DeviceForm) -> Vec<Part> {
        let mut all = Math::Highest.parts(form);
        all.push(source!("rowwise/contract.wgsl").into());
        let held = matches!(self.stage, Stage::FusedHeld(..) | Stage::StatisticsHeld(..));
        all.push(Part::made("(rows in registers)", format!("const HELD: bool = {held};\n")));
        all.extend(self.statistics.parts(self.storage));
        all.extend(self.storage.parts(form));
        all.extend(parts![self.aliasing.source(), source!("memory/elements.wgsl")]);
        all.extend(parts![
            if self.whole_vectors { source!("memory/vectors.wgsl") } else { source!("memory/words.wgsl") },
            match (self.statistics.has_tangents(), self.whole_vectors) {
                (false, _) => source!("rowwise/tangents/none.wgsl"),
                (true, true) => source!("rowwise/tangents/vectors.wgsl"),
                (true, false) => source!("rowwise/tangents/words.wgsl"),
            },
            self.team.source(),
        ]);
        all.extend(self.masking.parts());
        let sizes = match self.team {
            Team::Invocation => String::new(),
            Team::Subgroup { tasks } => format!("const TASKS: u32 = {tasks}u;\n"),
            Team::Workgroup { lanes, subgroups } => {
                format!("const WORKGROUP: u32 = {lanes}u;\nconst SUBGROUPS: u32 = {subgroups}u;\n")
            }
        };
        all.push(Part::made("(sizes of the call)", sizes));
        if self.team.uses_subgroups() {
            all.push(self.statistics.shuffled().into());
        }
        all.extend(self.stage_parts());
        all
    }

    fn stage_parts(&self) -> Vec<Part> {
        let results = source!("rowwise/results.wgsl");
        let gathered = match self.orientation {
            Orientation::Rows => source!("rowwise/kernels/rows.wgsl"),
            Orientation::Columns => source!("rowwise/kernels/columns.wgsl"),
        };
        match (self.stage, self.orientation) {
            (Stage::FusedHeld(held, turns) | Stage::StatisticsHeld(held, turns), _) => held.parts(turns),
            (Stage::Fused, Orientation::Rows) => {
                parts![gathered, results, source!("rowwise/kernels/fused_rows.wgsl")].into()
            }
            (Stage::Fused, Orientation::Columns) => {
                parts![gathered, results, source!("rowwise/kernels/fused_columns.wgsl")].into()
            }
            (Stage::Statistics | Stage::Partial { .. }, _) => parts![gathered].into(),
            (Stage::Combine, _) => parts![source!("rowwise/kernels/combine.wgsl")].into(),
            (Stage::WriteRows, Orientation::Rows) => {
                parts![gathered, results, source!("rowwise/kernels/write_rows.wgsl")].into()
            }
            (Stage::WriteRows, Orientation::Columns) => {
                parts![gathered, results, source!("rowwise/kernels/write_columns.wgsl")].into()
            }
            (Stage::WriteWords, _) => parts![results, source!("rowwise/kernels/write_words.wgsl")].into(),
            (Stage::WriteReduced, _) => parts![source!("rowwise/kernels/write_reduced.wgsl")].into(),
        }
    }
}
