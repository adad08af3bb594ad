use std::hash::{Hash, Hasher};

/// A file of the directory `shaders`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    /// The path below that directory.
    pub file: &'static str,
    pub text: &'static str,
}

/// Paths are unique.
impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        self.file == other.file
    }
}

impl Eq for Source {}

impl Hash for Source {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.file.hash(state);
    }
}

/// Gives the file at this path below the directory `shaders`.
macro_rules! source {
    ($($path:expr),*) => {
        $crate::catalog::Source {
            file: concat!($($path),*),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $($path),*)),
        }
    };
}
pub(crate) use source;
