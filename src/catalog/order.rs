/// The order of a derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// f′.
    First,
    /// f″.
    Second,
}

impl Order {
    /// Both orders, the first first.
    pub const ALL: [Order; 2] = [Order::First, Order::Second];
}
