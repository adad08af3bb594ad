//! README.md has the table of functions that follows from the catalogue.

use gpu_activations::Activation;
use std::fmt::Write;

const START: &str = "<!-- functions -->\n";
const END: &str = "<!-- end of functions -->";

fn table() -> String {
    let mut table = String::from("| function | formula | parameters | forward | derivative |\n|---|---|---|---|---|\n");
    for activation in Activation::ALL {
        let (forward, derivative) = activation.limits();
        let parameters: Vec<String> =
            activation.parameters().iter().map(|p| format!("{} = {}, {}", p.name, p.default, p.range)).collect();
        let formula = activation.formula().replace('|', "\\|");
        let parameters = parameters.join("; ");
        writeln!(table, "| `{}` | {formula} | {parameters} | {forward} | {derivative} |", activation.name()).unwrap();
    }
    table
}

#[test]
fn the_table_of_functions_is_that_of_the_catalogue() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, format!("{before}{START}{table}{END}{after}")).unwrap();
    } else {
        assert!(found == table, "README.md is stale: run `UPDATE_README=1 cargo test --test readme`");
    }
}
