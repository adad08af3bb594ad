//! The choice of a strategy: the team for a row, and the division of rows into chunks.

use crate::device::AdapterTraits;
use crate::error::Error;
use crate::ops::check::most_bytes;
use crate::ops::rowwise::wish::Strategy;
use crate::shader::{Orientation, Team};

/// The rows of an array, and the rounds and statistics of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    /// The numbers of entries before, along and after the axis.
    pub outer: u64,
    pub length: u64,
    pub inner: u64,
    pub element_bytes: u64,
    /// The number of rounds over all entries before any result.
    pub rounds: u32,
    /// Bytes of a row's statistics.
    pub statistics_bytes: u64,
}

/// The chosen strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The team for a row, or for a chunk of one.
    pub team: Team,
    /// The fused dispatch, if statistics and results of whole rows take one dispatch.
    pub fused: Option<Fused>,
    /// Positions of a chunk, if rows are divided.
    pub chunk: u64,
    /// The most entries of a row that one team may visit in all rounds of one dispatch.
    pub most_entries: u64,
    /// The most bytes of an operand in one binding.
    pub most_bytes: u64,
}

/// Statistics and results of whole rows in one dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fused {
    /// Fours of entries that each lane holds in registers; none for rows that do not fit.
    pub blocks: Option<u64>,
    /// Whether a team may have more lanes than `blocks` was computed for.
    pub larger_teams: bool,
}

/// The most turns of an invocation's loops on a CPU. Mesa's llvmpipe ends every loop after 65 535 turns in all, so this
/// leaves room for the successive rows of a subgroup.
const MOST_TURNS_ON_CPU: u64 = 30_000;
/// The same on a GPU, where the driver ends an invocation that takes too long.
const MOST_TURNS: u64 = 1 << 20;
/// The most fours of entries that a lane holds in registers.
const MOST_BLOCKS: u64 = 8;
/// The longest row for a subgroup on a GPU. A workgroup takes longer ones.
const MOST_FOR_SUBGROUP: u64 = 1024;
/// The longest row for an invocation if there are no subgroups.
const MOST_FOR_INVOCATION: u64 = 32;
/// The number of tasks below which long rows are divided on a CPU, and the length of a long row.
const FEW_TASKS_ON_CPU: u64 = 64;
const LONG_ON_CPU: u64 = 1 << 16;
/// The number of lanes below which long rows are divided on a GPU, and the turns of a lane in a long row. Estimated
/// from the size of GPUs, not measured.
const FEW_LANES: u64 = 1 << 14;
const LONG_TURNS: u64 = 128;
/// The number of chunks that keeps a GPU busy: for teams, and for single invocations.
const BUSY_TASKS: u64 = 4096;
const BUSY_TASKS_OF_INVOCATIONS: u64 = 1 << 16;
/// The least positions of a chunk whose statistics are worth their cost: along the last axis, and along another.
const LEAST_OF_CHUNK: u64 = 256;
const LEAST_OF_COLUMN_CHUNK: u64 = 32;

impl Rows {
    /// The order of a row's elements in memory.
    pub(crate) fn orientation(&self) -> Orientation {
        if self.inner == 1 { Orientation::Rows } else { Orientation::Columns }
    }

    /// The number of elements of one outer entry.
    pub(crate) fn block(&self) -> u64 {
        self.length * self.inner
    }

    /// Whether every four elements that a kernel handles together are a whole vector.
    pub(crate) fn has_whole_vectors(&self) -> bool {
        let side_by_side = if self.inner == 1 { self.length } else { self.inner };
        side_by_side.is_multiple_of(4)
    }

    /// Whether two rows may share a word.
    pub(crate) fn shares_words(&self) -> bool {
        self.element_bytes < 4 && !self.has_whole_vectors()
    }

    /// The number of tasks: rows, or fours of rows side by side, times chunks.
    pub(crate) fn tasks(&self, outer: u64, chunks: u64) -> u64 {
        outer * if self.inner == 1 { 1 } else { self.inner.div_ceil(4) } * chunks
    }

    /// The lanes of a subgroup that a row takes, with four entries each.
    pub(crate) fn width(&self) -> u32 {
        if self.inner > 1 { 1 } else { self.length.div_ceil(4).clamp(1, 128).next_power_of_two() as u32 }
    }

    /// The team for a row, or for a chunk of one.
    fn team(&self, traits: &AdapterTraits, wish: Strategy) -> Team {
        // The tasks of a workgroup: as many as it has teams if subgroups have the smallest size.
        let subgroup = Team::Subgroup { tasks: 64 / self.width().min(traits.smallest_subgroup).min(64) };
        match wish {
            _ if self.inner > 1 => Team::Invocation,
            Strategy::Invocation => Team::Invocation,
            Strategy::Subgroup if traits.subgroups => subgroup,
            Strategy::Workgroup | Strategy::Subgroup => Team::Workgroup,
            // On a CPU, the lanes of a subgroup exchange values one by one.
            _ if traits.on_cpu && self.length <= 4 * MOST_BLOCKS => Team::Invocation,
            _ if traits.subgroups && (traits.on_cpu || self.length <= MOST_FOR_SUBGROUP) => subgroup,
            // Barriers are slow on a CPU.
            _ if traits.on_cpu || self.length <= MOST_FOR_INVOCATION => Team::Invocation,
            _ => Team::Workgroup,
        }
    }

    /// Fours of entries for each lane of a team, if the row fits into its registers.
    fn blocks(&self, team: Team, traits: &AdapterTraits) -> Option<u64> {
        let lanes = match team {
            _ if self.inner > 1 => return None,
            Team::Invocation => 1,
            Team::Subgroup { .. } => traits.smallest_subgroup.min(self.width()).into(),
            Team::Workgroup => return None,
        };
        // Powers of two, so that lengths share pipelines.
        let blocks = self.length.div_ceil(4 * lanes).max(1).next_power_of_two();
        (blocks <= MOST_BLOCKS).then_some(blocks)
    }

    /// The most entries of a row for a team, if each is visited `times` times.
    fn most_entries(&self, team: Team, traits: &AdapterTraits, times: u64) -> u64 {
        let at_once = match team {
            _ if self.inner > 1 => 1,
            Team::Invocation => 4,
            // The smallest subgroups have four lanes.
            Team::Subgroup { .. } => 16,
            Team::Workgroup => 512,
        };
        let most = if traits.on_cpu { MOST_TURNS_ON_CPU } else { MOST_TURNS };
        most / times * at_once
    }

    /// Whether rows are so long and so few that dividing them gains more than the additional dispatches cost.
    fn leaves_lanes_idle(&self, team: Team, traits: &AdapterTraits) -> bool {
        let tasks = self.tasks(self.outer, 1);
        if traits.on_cpu {
            return tasks < FEW_TASKS_ON_CPU && self.length > LONG_ON_CPU;
        }
        let lanes = match team {
            Team::Invocation => 1,
            Team::Subgroup { .. } => traits.smallest_subgroup.into(),
            Team::Workgroup => 128,
        };
        let entries = if self.inner == 1 { 4 * lanes } else { 1 };
        tasks * lanes < FEW_LANES && self.length / entries > LONG_TURNS
    }

    /// The positions that one team gathers if rows are divided.
    fn chunk(&self, team: Team, traits: &AdapterTraits, wish: Strategy, most_bytes: u64) -> Result<u64, Error> {
        // Chunks of rows along the last axis consist of whole vectors.
        let step = if self.inner == 1 { 4 } else { 1 };
        let by_binding = most_bytes / (self.inner * self.element_bytes) / step * step;
        if by_binding == 0 {
            return Err(Error::BindingTooLarge { bytes: step * self.inner * self.element_bytes, limit: most_bytes });
        }
        let (wanted, least) = match traits.on_cpu {
            true => (FEW_TASKS_ON_CPU, LEAST_OF_CHUNK),
            false if self.inner == 1 => (BUSY_TASKS, LEAST_OF_CHUNK),
            false => (BUSY_TASKS_OF_INVOCATIONS, LEAST_OF_COLUMN_CHUNK),
        };
        let chunk = match wish {
            Strategy::Split => self.length.div_ceil(3),
            _ => (self.length * self.tasks(self.outer, 1)).div_ceil(wanted).max(least),
        };
        // The statistics of one outer entry's chunks should fit, too.
        let by_scratch = most_scratch(&traits.limits) / (self.inner * self.statistics_bytes).max(1);
        let chunk = chunk.max(self.length.div_ceil(by_scratch.saturating_sub(1).max(1)));
        let most = self.most_entries(team, traits, 1);
        Ok(chunk.min(self.length).min(most).next_multiple_of(step).clamp(step, by_binding))
    }
}

/// The most bytes of statistics of rows handled together, unless one outer entry has more. Scratch buffers are rounded up
/// to powers of two.
pub(crate) fn most_scratch(limits: &wgpu::Limits) -> u64 {
    (16 << 20).min(limits.max_storage_buffer_binding_size / 2)
}

/// Chooses the strategy for rows.
///
/// | rows                                                      | team                             |
/// |-----------------------------------------------------------|----------------------------------|
/// | along another axis than the last                          | an invocation, four side by side |
/// | on a CPU up to 32 entries                                 | an invocation                    |
/// | with subgroups: on a CPU any, on a GPU up to 1024 entries | lanes of a subgroup              |
/// | without: on a CPU any, on a GPU up to 32 entries          | an invocation                    |
/// | others                                                    | a workgroup                      |
///
/// Rows are divided into chunks, whose statistics are combined before any result is written, if
///
/// - they are so few and long that lanes would be idle,
/// - a row exceeds a binding, or the turns of one invocation, or
/// - two rows share 16-bit words.
pub(crate) fn plan(rows: &Rows, traits: &AdapterTraits, wish: Strategy) -> Result<Plan, Error> {
    let most_bytes = most_bytes(&traits.limits)?;
    let team = rows.team(traits, wish);
    let too_long = rows.block() * rows.element_bytes > most_bytes;
    let too_many_turns = rows.length > rows.most_entries(team, traits, u64::from(rows.rounds) + 1);
    let few = wish == Strategy::Automatic && rows.leaves_lanes_idle(team, traits);
    let divided = rows.shares_words() || too_long || too_many_turns || wish == Strategy::Split || few;
    let larger_teams = matches!(team, Team::Subgroup { .. }) && traits.subgroups_vary;
    Ok(Plan {
        team,
        fused: (!divided).then(|| Fused { blocks: rows.blocks(team, traits), larger_teams }),
        chunk: rows.chunk(team, traits, wish, most_bytes)?,
        most_entries: rows.most_entries(team, traits, rows.rounds.into()),
        most_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shader::{Guards, LaunchShape};

    fn adapter(on_cpu: bool, subgroups: bool, smallest_subgroup: u32) -> AdapterTraits {
        AdapterTraits {
            limits: wgpu::Limits::default(),
            mappable: false,
            on_cpu,
            guards: Guards::All,
            subgroups,
            smallest_subgroup,
            subgroups_vary: false,
            launch: LaunchShape::PORTABLE,
            destroys_alone: false,
        }
    }

    fn rows(outer: u64, length: u64, inner: u64, element_bytes: u64) -> Rows {
        Rows { outer, length, inner, element_bytes, rounds: 2, statistics_bytes: 48 }
    }

    const INVOCATION: Team = Team::Invocation;
    const WORKGROUP: Team = Team::Workgroup;

    fn subgroup(tasks: u32) -> Team {
        Team::Subgroup { tasks }
    }

    type Case<'a> = (Rows, &'a AdapterTraits, Strategy, Team, Option<Option<u64>>);

    #[test]
    fn rows_are_planned_by_shape_adapter_and_wish() {
        let (cpu, gpu, plain) = (adapter(true, true, 8), adapter(false, true, 32), adapter(false, false, 1));
        let auto = Strategy::Automatic;
        let held = Some(Some);
        // Rows, adapter and wish; the team, and for one dispatch the fours that a lane holds.
        let table: [Case<'_>; 17] = [
            (rows(4096, 32, 1, 4), &cpu, auto, INVOCATION, held.map(|f| f(8))),
            (rows(4096, 33, 1, 4), &cpu, auto, subgroup(8), held.map(|f| f(2))),
            (rows(4096, 1 << 16, 1, 4), &cpu, auto, subgroup(8), Some(None)),
            (rows(1, 1 << 20, 1, 4), &cpu, auto, subgroup(8), None),
            (rows(64, 4096, 4096, 4), &cpu, auto, INVOCATION, Some(None)),
            (rows(4096, 16, 1, 4), &gpu, auto, subgroup(16), held.map(|f| f(1))),
            (rows(4096, 1024, 1, 4), &gpu, auto, subgroup(2), held.map(|f| f(8))),
            (rows(4096, 1025, 1, 4), &gpu, auto, WORKGROUP, Some(None)),
            (rows(1, 1 << 24, 1, 4), &gpu, auto, WORKGROUP, None),
            (rows(4096, 32, 1, 4), &plain, auto, INVOCATION, held.map(|f| f(8))),
            (rows(4096, 33, 1, 4), &plain, auto, WORKGROUP, Some(None)),
            // Two rows of three 16-bit elements share a word.
            (rows(4096, 3, 1, 2), &gpu, auto, subgroup(64), None),
            (rows(4096, 4, 1, 2), &gpu, auto, subgroup(64), held.map(|f| f(1))),
            // One outer entry that exceeds every binding.
            (rows(1, 8192, 8192, 4), &cpu, auto, INVOCATION, None),
            (rows(4096, 1024, 1, 4), &gpu, Strategy::Invocation, INVOCATION, Some(None)),
            (rows(4096, 1024, 1, 4), &plain, Strategy::Subgroup, WORKGROUP, Some(None)),
            (rows(4096, 1024, 1, 4), &gpu, Strategy::Split, subgroup(2), None),
        ];
        for (rows, traits, wish, team, fused) in table {
            let plan = plan(&rows, traits, wish).unwrap();
            let found = (plan.team, plan.fused.map(|fused| fused.blocks));
            assert_eq!(found, (team, fused), "{rows:?}, {wish:?}, on a CPU: {}", traits.on_cpu);
        }
    }

    #[test]
    fn chunks_are_whole_vectors_and_fit_into_bindings() {
        for (traits, rows) in [
            (adapter(true, true, 8), rows(1, (1 << 24) + 1, 1, 4)),
            (adapter(false, true, 32), rows(3, 5001, 7, 2)),
            (adapter(false, false, 1), rows(1, 1 << 30, 1, 2)),
        ] {
            let plan = plan(&rows, &traits, Strategy::Automatic).unwrap();
            assert!(rows.inner > 1 || plan.chunk.is_multiple_of(4), "{rows:?}: {}", plan.chunk);
            assert!(plan.chunk * rows.inner * rows.element_bytes <= plan.most_bytes, "{rows:?}: {}", plan.chunk);
            assert!(plan.chunk <= rows.length.next_multiple_of(4), "{rows:?}: {}", plan.chunk);
        }
    }

    #[test]
    fn an_entry_that_no_binding_holds_is_refused() {
        let rows = rows(1, 2, 1 << 40, 4);
        let refused = plan(&rows, &adapter(true, true, 8), Strategy::Automatic);
        assert!(matches!(refused, Err(Error::BindingTooLarge { .. })), "{refused:?}");
    }
}
