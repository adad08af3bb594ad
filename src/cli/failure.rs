use std::io::ErrorKind;

/// An error that ends the program, and its exit status.
#[derive(Debug)]
pub struct Failure {
    pub status: u8,
    pub error: anyhow::Error,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure { status: 1, error }
    }
}

impl From<gpu_activations::Error> for Failure {
    fn from(error: gpu_activations::Error) -> Self {
        Failure { status: 1, error: error.into() }
    }
}

/// A failure that the arguments are to blame for.
pub fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure { status: 2, error: error.into() }
}

impl Failure {
    /// Tells whether nobody reads stdout any more. The other outputs are regular files, which are no pipes.
    pub fn has_no_reader(&self) -> bool {
        self.error.downcast_ref().is_some_and(|error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe)
    }
}
