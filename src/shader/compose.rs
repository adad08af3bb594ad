use crate::catalog::Source;
use std::borrow::Cow;

/// A part of a module: a file of the directory `shaders`, or text made for one kernel.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub file: &'static str,
    pub text: Cow<'static, str>,
}

impl Part {
    pub(crate) fn made(title: &'static str, text: String) -> Part {
        Part { file: title, text: text.into() }
    }
}

impl From<Source> for Part {
    fn from(source: Source) -> Part {
        Part { file: source.file, text: source.text.into() }
    }
}

/// Converts these expressions to parts.
macro_rules! parts {
    ($($part:expr),* $(,)?) => {
        [$($crate::shader::compose::Part::from($part)),*]
    };
}
pub(crate) use parts;

/// A composed module: its text, and the part that each line comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Shader {
    source: String,
    parts: Vec<(&'static str, u32)>,
}

impl Shader {
    pub(crate) fn compose(parts: &[Part]) -> Shader {
        let mut shader = Shader { source: String::new(), parts: Vec::new() };
        for Part { file, text } in parts {
            shader.parts.push((file, text.lines().count() as u32));
            shader.source.extend(text.lines().flat_map(|line| [line, "\n"]));
        }
        shader
    }

    /// The WGSL text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the part of a line of the text, counting from 1, and the line's number within the part.
    #[must_use]
    pub fn locate(&self, line: u32) -> Option<(&str, u32)> {
        let mut left = line.checked_sub(1)?;
        for (file, lines) in &self.parts {
            if left < *lines {
                return Some((file, left + 1));
            }
            left -= lines;
        }
        None
    }
}
