//! The choice of a strategy: the team for a row, and the division of rows into chunks.

use crate::device::AdapterTraits;
use crate::error::Error;
use crate::ops::check::most_bytes;
use crate::ops::rowwise::wish::Strategy;
use crate::shader::{Held, Orientation, Team};

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
    /// Whether statistics and results of whole rows take one dispatch.
    pub fused: bool,
    /// How whole rows lie in registers, if they fit.
    pub held: Option<Held>,
    /// Positions of a chunk, if rows are divided.
    pub chunk: u64,
    /// The most entries of a row that one team may visit in all rounds of one dispatch.
    pub most_entries: u64,
    /// The most bytes of an operand in one binding.
    pub most_bytes: u64,
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
/// Fours of entries that a lane holds before a row takes more than `FEW_OF_SUBGROUP` lanes: exchanges between lanes cost
/// more than entries, but eight lanes read 128 bytes together.
const FEW_BLOCKS: u64 = 4;
const FEW_OF_SUBGROUP: u64 = 8;
/// The invocations of the smallest and the largest workgroup for a row. The largest may use 128 registers each on an
/// H100, enough for eight fours of x and dy.
const LEAST_OF_WORKGROUP: u64 = 64;
const MOST_OF_WORKGROUP: u64 = 512;
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

    /// The most lanes of a subgroup that a row takes.
    pub(crate) fn width(&self, traits: &AdapterTraits) -> u32 {
        let fours = self.length.div_ceil(4);
        let lanes = match traits.on_cpu {
            _ if self.inner > 1 => 1,
            true => fours,
            // Two lanes or more, because memory moves in pieces of 32 bytes.
            false => fours.div_ceil(MOST_BLOCKS).max(fours.div_ceil(FEW_BLOCKS).clamp(2.min(fours), FEW_OF_SUBGROUP)),
        };
        lanes.clamp(1, 128).next_power_of_two() as u32
    }

    /// A workgroup for a row, or for a chunk of one.
    fn workgroup(&self, traits: &AdapterTraits) -> Team {
        let limits = &traits.limits;
        let invocations = limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x);
        // Each lane has its statistics in the workgroup's memory.
        let shared = u64::from(limits.max_compute_workgroup_storage_size) / self.statistics_bytes;
        // Entries of 16 bits take half the registers.
        let wanted = if self.element_bytes < 4 { 2 * MOST_OF_WORKGROUP } else { MOST_OF_WORKGROUP };
        // Where even the least is too much, the device refuses it.
        let most = 1 << wanted.min(invocations.into()).min(shared).max(LEAST_OF_WORKGROUP).ilog2();
        let lanes = self.length.div_ceil(4 * MOST_BLOCKS).next_power_of_two().clamp(LEAST_OF_WORKGROUP, most) as u32;
        let subgroups = if traits.subgroups { lanes.div_ceil(traits.smallest_subgroup) } else { 0 };
        Team::Workgroup { lanes, subgroups }
    }

    /// The team for a row, or for a chunk of one.
    fn team(&self, traits: &AdapterTraits, wish: Strategy) -> Team {
        // The tasks of a workgroup: as many as it has teams if subgroups have the smallest size.
        let subgroup = Team::Subgroup { tasks: 64 / self.width(traits).min(traits.smallest_subgroup).min(64) };
        match wish {
            _ if self.inner > 1 => Team::Invocation,
            Strategy::Invocation => Team::Invocation,
            Strategy::Subgroup if traits.subgroups => subgroup,
            Strategy::Workgroup | Strategy::Subgroup => self.workgroup(traits),
            // On a CPU, the lanes of a subgroup exchange values one by one.
            _ if traits.on_cpu && self.length <= 4 * MOST_BLOCKS => Team::Invocation,
            _ if traits.subgroups && (traits.on_cpu || self.length <= MOST_FOR_SUBGROUP) => subgroup,
            // Barriers are slow on a CPU.
            _ if traits.on_cpu || self.length <= MOST_FOR_INVOCATION => Team::Invocation,
            _ => self.workgroup(traits),
        }
    }

    /// How whole rows lie in the registers of their teams, if they fit.
    fn held(&self, team: Team, traits: &AdapterTraits) -> Option<Held> {
        let lanes = match team {
            _ if self.inner > 1 => return None,
            Team::Invocation => 1,
            Team::Subgroup { .. } => traits.smallest_subgroup.min(self.width(traits)).into(),
            Team::Workgroup { lanes, .. } => lanes.into(),
        };
        let larger_teams = matches!(team, Team::Subgroup { .. }) && traits.subgroups_vary;
        // Powers of two, so that lengths share pipelines.
        let blocks = self.length.div_ceil(4 * lanes).max(1).next_power_of_two();
        let full = !larger_teams && self.length == 4 * lanes * blocks;
        (blocks <= MOST_BLOCKS).then_some(Held { blocks, larger_teams, full })
    }

    /// The most entries of a row for a team, if each is visited `times` times.
    fn most_entries(&self, team: Team, traits: &AdapterTraits, times: u64) -> u64 {
        let at_once = match team {
            _ if self.inner > 1 => 1,
            Team::Invocation => 4,
            // The smallest subgroups have four lanes.
            Team::Subgroup { .. } => 16,
            Team::Workgroup { lanes, .. } => 4 * u64::from(lanes),
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
            Team::Workgroup { lanes, .. } => lanes.into(),
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
    Ok(Plan {
        team,
        fused: !divided,
        held: rows.held(team, traits).filter(|_| !divided),
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
    fn subgroup(tasks: u32) -> Team {
        Team::Subgroup { tasks }
    }

    fn workgroup(lanes: u32, subgroups: u32) -> Team {
        Team::Workgroup { lanes, subgroups }
    }

    /// The fours of entries that a lane holds, and whether rows fill them.
    fn held(blocks: u64, full: bool) -> Option<Held> {
        Some(Held { blocks, larger_teams: false, full })
    }

    type Case<'a> = (Rows, &'a AdapterTraits, Strategy, Team, bool, Option<Held>);

    #[test]
    fn rows_are_planned_by_shape_adapter_and_wish() {
        let (cpu, gpu, plain) = (adapter(true, true, 8), adapter(false, true, 32), adapter(false, false, 1));
        let of_limits = |invocations, storage| AdapterTraits {
            limits: wgpu::Limits {
                max_compute_invocations_per_workgroup: invocations,
                max_compute_workgroup_size_x: invocations,
                max_compute_workgroup_storage_size: storage,
                ..wgpu::Limits::default()
            },
            ..gpu.clone()
        };
        let (large, narrow, none) = (of_limits(1024, 49_152), of_limits(1024, 32_768), of_limits(0, 0));
        let auto = Strategy::Automatic;
        // Rows, adapter and wish; the team, whether there is one dispatch, and what a lane holds.
        let table: [Case<'_>; 24] = [
            (rows(4096, 32, 1, 4), &cpu, auto, INVOCATION, true, held(8, true)),
            (rows(4096, 33, 1, 4), &cpu, auto, subgroup(8), true, held(2, false)),
            (rows(4096, 1 << 16, 1, 4), &cpu, auto, subgroup(8), true, None),
            (rows(1, 1 << 20, 1, 4), &cpu, auto, subgroup(8), false, None),
            (rows(64, 4096, 4096, 4), &cpu, auto, INVOCATION, true, None),
            (rows(4096, 16, 1, 4), &gpu, auto, subgroup(32), true, held(2, true)),
            (rows(4096, 128, 1, 4), &gpu, auto, subgroup(8), true, held(4, true)),
            (rows(4096, 200, 1, 4), &gpu, auto, subgroup(8), true, held(8, false)),
            (rows(4096, 1024, 1, 4), &gpu, auto, subgroup(2), true, held(8, true)),
            (rows(4096, 1025, 1, 4), &gpu, auto, workgroup(64, 2), true, held(8, false)),
            (rows(4096, 16_384, 1, 4), &gpu, auto, workgroup(256, 8), true, None),
            (rows(4096, 16_384, 1, 4), &large, auto, workgroup(512, 16), true, held(8, true)),
            (rows(4096, 32_768, 1, 2), &large, auto, workgroup(1024, 32), true, held(8, true)),
            // 682 statistics fit into the memory of such a workgroup; and none does, which the device refuses.
            (rows(4096, 32_768, 1, 2), &narrow, auto, workgroup(512, 16), true, None),
            (rows(4096, 2048, 1, 4), &none, auto, workgroup(64, 2), true, held(8, true)),
            (rows(1, 1 << 24, 1, 4), &gpu, auto, workgroup(256, 8), false, None),
            (rows(4096, 32, 1, 4), &plain, auto, INVOCATION, true, held(8, true)),
            (rows(4096, 33, 1, 4), &plain, auto, workgroup(64, 0), true, held(1, false)),
            // Two rows of three 16-bit elements share a word.
            (rows(4096, 3, 1, 2), &gpu, auto, subgroup(64), false, None),
            (rows(4096, 4, 1, 2), &gpu, auto, subgroup(64), true, held(1, true)),
            // One outer entry that exceeds every binding.
            (rows(1, 8192, 8192, 4), &cpu, auto, INVOCATION, false, None),
            (rows(4096, 1024, 1, 4), &gpu, Strategy::Invocation, INVOCATION, true, None),
            (rows(4096, 1024, 1, 4), &plain, Strategy::Subgroup, workgroup(64, 0), true, held(4, true)),
            (rows(4096, 1024, 1, 4), &gpu, Strategy::Split, subgroup(2), false, None),
        ];
        for (rows, traits, wish, team, fused, held) in table {
            let plan = plan(&rows, traits, wish).unwrap();
            let found = (plan.team, plan.fused, plan.held);
            assert_eq!(found, (team, fused, held), "{rows:?}, {wish:?}, on a CPU: {}", traits.on_cpu);
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
