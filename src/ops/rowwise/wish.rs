/// The team that works on a row along an axis: for comparison and measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// A team chosen by the length and number of rows, and by the adapter.
    #[default]
    Automatic,
    /// One invocation for each row.
    Invocation,
    /// One subgroup for each row; on a device without [`wgpu::Features::SUBGROUP`], the same as `Workgroup`.
    Subgroup,
    /// One workgroup for each row.
    Workgroup,
    /// Rows divided into chunks, whose statistics are combined.
    Split,
}
