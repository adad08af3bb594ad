/// A batch of this many rows is enough for a device. DataFusion's default is 8192.
pub const BATCH_ROWS: usize = 1 << 20;

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Device {
    /// An adapter; where there is none, an error.
    #[default]
    Adapter,
    /// The reference in f64 on the CPU. Float64 gives Float64.
    Reference,
    /// An adapter; where there is none, the reference, with results of the same types.
    AdapterOrReference,
}

/// How functions are registered, and where they compute.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Options {
    /// What stands before each name.
    pub prefix: String,
    /// Whether a function takes the place of another one that has its name, such as DataFusion's `tanh`. Without it that
    /// one stays.
    pub replace: bool,
    /// What computes.
    pub device: Device,
    /// Words of the adapter's name, as [`gpu_activations::Builder::adapter`] reads them.
    pub adapter: Option<String>,
    /// The name of this process on a cluster, with which errors of the device begin.
    pub node: Option<String>,
}
