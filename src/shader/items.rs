//! Splitting of a module into its declarations. It understands only the words of WGSL.

use std::collections::BTreeSet;

const DECLARATIONS: [&str; 8] = [
    "fn ",
    "struct ",
    "alias ",
    "const ",
    "var<private> ",
    "var<uniform> ",
    "var<storage, read> ",
    "var<storage, read_write> ",
];

/// The declarations of a module by name, each with the comments and attributes above it.
pub(crate) fn items(text: &str) -> Vec<(&str, String)> {
    let mut items: Vec<(&str, String)> = Vec::new();
    let mut comment = String::new();
    for line in text.lines() {
        // Attributes stand before a variable, and on their own line before an entry point.
        let rest = &line[line.rfind(") ").filter(|_| line.starts_with('@')).map_or(0, |at| at + 2)..];
        let declared = DECLARATIONS.iter().find_map(|word| rest.strip_prefix(word));
        if line.starts_with("//") || declared.is_none() && line.starts_with('@') {
            comment.extend([line, "\n"]);
        } else if let Some(declared) = declared {
            let end = declared.find(|char| !is_of_word(char)).unwrap_or(declared.len());
            items.push((&declared[..end], std::mem::take(&mut comment) + line + "\n"));
        } else if line.is_empty() {
            // A comment on the file or on a group of declarations.
            comment.clear();
        } else if let Some((_, item)) = items.last_mut() {
            item.extend([line, "\n"]);
        }
    }
    items
}

/// The names of the declarations that the offered ones need, directly or through others.
pub(crate) fn needed<'a>(items: &[(&str, String)], offered: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    let mut asked: Vec<String> = offered.into_iter().map(str::to_owned).collect();
    while let Some(name) = asked.pop() {
        if let (Some((_, item)), false) = (items.iter().find(|(known, _)| *known == name), needed.contains(&name)) {
            renamed(item, |word| {
                asked.push(word.to_owned());
                None
            });
            needed.insert(name);
        }
    }
    needed
}

fn is_of_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// Returns a declaration with other words outside its comments. Fields keep their names. Locals named like a declaration are
/// renamed with it everywhere, which changes nothing.
pub(crate) fn renamed(text: &str, mut rename: impl FnMut(&str) -> Option<String>) -> String {
    let is_struct = text.trim_start().starts_with("struct");
    let mut changed = String::new();
    for line in text.lines() {
        let code = code_of(line);
        let comment = &line[code.len()..];
        let mut rest = code;
        while let Some(begin) = rest.find(is_of_word) {
            let (before, word) = rest.split_at(begin);
            let (word, after) = word.split_at(word.find(|char| !is_of_word(char)).unwrap_or(word.len()));
            changed.push_str(before);
            let is_field = before.ends_with('.') || is_struct && after.starts_with(':');
            let other = if is_field { None } else { rename(word) };
            changed.push_str(other.as_deref().unwrap_or(word));
            rest = after;
        }
        changed.extend([rest, comment, "\n"]);
    }
    changed
}

/// Returns a line without its comment.
pub(crate) fn code_of(line: &str) -> &str {
    &line[..line.find("//").unwrap_or(line.len())]
}
