//! A number that changes with a kernel, for records of measurements of that kernel.

use crate::shader::compose::Shader;
use crate::shader::items::{code_of, items, needed};
use std::hash::Hasher;

impl Shader {
    /// Returns the hash of what an entry point runs: the declarations that it needs, without comments.
    pub(crate) fn fingerprint(&self, entry_point: &str) -> u64 {
        let mut items = items(self.source());
        // The order of declarations changes nothing.
        items.sort_unstable();
        let needed = needed(&items, [entry_point]);
        let mut hasher = fnv::FnvHasher::default();
        for (_, item) in items.iter().filter(|(name, _)| needed.contains(*name)) {
            for line in item.lines().map(code_of).filter(|line| !line.trim().is_empty()) {
                hasher.write(line.trim_end().as_bytes());
                hasher.write_u8(b'\n');
            }
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Activation;
    use crate::shader::compose::Part;
    use crate::shader::storage::{Aliasing, Storage};

    fn of(text: &str) -> u64 {
        Shader::compose(&[Part::made("(test)", text.to_owned())]).fingerprint("run")
    }

    #[test]
    fn it_changes_with_what_runs_and_with_nothing_else() {
        let text = "fn half(x: f32) -> f32 {\n    return 0.5 * x;\n}\n\n@compute @workgroup_size(64)\nfn run() {\n    half(1.0);\n}\n";
        assert_eq!(of(text), of(&format!("// A comment.\nfn unused() {{\n}}\n\n{text}")));
        assert_eq!(of(text), of(&text.replace("0.5 * x;", "0.5 * x; // half of it")));
        assert_ne!(of(text), of(&text.replace("0.5", "0.25")));
        assert_ne!(of(text), of(&text.replace("@workgroup_size(64)", "@workgroup_size(32)")));
    }

    #[test]
    fn it_tells_functions_apart() {
        let of = |activation: &Activation, entry_point: &str| {
            Shader::elementwise(activation, Storage::F32, Aliasing::Separate).fingerprint(entry_point)
        };
        let mut all: Vec<u64> = Activation::ALL.iter().flat_map(|a| [of(a, "forward"), of(a, "backward")]).collect();
        all.sort_unstable();
        let len = all.len();
        all.dedup();
        // hard_tanh and clip may share all but their names; no other two functions do.
        assert!(len - all.len() <= 4, "{} of {len} are the same", len - all.len());
    }
}
