/// Who works on a row along an axis: for comparison and measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// Chosen by the length and number of rows, and by the adapter.
    #[default]
    Automatic,
    /// One invocation for each row.
    Invocation,
    /// One subgroup for each row; as `Workgroup` on a device without [`wgpu::Features::SUBGROUP`].
    Subgroup,
    /// One workgroup for each row.
    Workgroup,
    /// Rows divided into chunks, whose statistics are combined.
    Split,
}
