/// What can go wrong; every message names both sides.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No activation has this name or alias.
    #[error("there is no activation named {name:?}; the nearest is {nearest:?}")]
    UnknownName {
        /// What was asked for.
        name: String,
        /// The known name most like it.
        nearest: &'static str,
    },
    /// The activation has no such parameter.
    #[error("{function} has no parameter {parameter:?}; it has {}", names(.known))]
    UnknownParameter {
        /// The activation.
        function: &'static str,
        /// What was asked for.
        parameter: String,
        /// The parameters it has.
        known: Vec<&'static str>,
    },
    /// A parameter's value lies outside its valid range.
    #[error("{function}: {parameter} is {value}, but must be {range}")]
    ParameterOutOfRange {
        /// The activation.
        function: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The value given.
        value: f32,
        /// The valid values, in words.
        range: String,
    },
    /// A composed shader did not parse or validate.
    #[error("{file}:{line}: {message}")]
    Shader {
        /// The part, relative to the folder `shaders`.
        file: String,
        /// The line within that part, from 1.
        line: u32,
        /// What the compiler says.
        message: String,
    },
}

fn names(known: &[&str]) -> String {
    if known.is_empty() {
        "none".to_owned()
    } else {
        known.join(", ")
    }
}
