//! `list`.

use crate::{folder, succeeded};
use gpu_activations::{Activation, AxisFunction};

#[test]
fn list_has_every_function_with_its_parameters() {
    let folder = folder();
    let text = succeeded(folder.path(), &["list"]);
    let rows: Vec<serde_json::Value> =
        succeeded(folder.path(), &["list", "--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), Activation::ALL.len() + AxisFunction::all().len());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for (row, activation) in rows.iter().zip(Activation::ALL) {
        assert!(text.lines().any(|line| line == activation.name()), "{activation:?}");
        assert_eq!(row["function"], activation.name());
        assert_eq!(row["formula"], activation.formula());
        assert_eq!(row["aliases"].as_array().unwrap().len(), activation.aliases().len());
        let parameters = row["parameters"].as_array().unwrap();
        for (parameter, known) in parameters.iter().zip(activation.parameters()) {
            assert_eq!(parameter["name"], known.name);
            assert_eq!(parameter["learnable"], known.learnable);
        }
        // The seed of rrelu is not a parameter of the function.
        let more = usize::from(activation.name() == "rrelu");
        assert_eq!(parameters.len(), activation.parameters().len() + more);
    }
    for (row, (name, function)) in rows[Activation::ALL.len()..].iter().zip(AxisFunction::all()) {
        assert!(text.contains(&format!("{name}, along an axis")), "{name}");
        assert_eq!(row["function"], *name);
        assert_eq!(row["family"], function.family());
        assert_eq!(row["parameters"].as_array().unwrap().len(), function.parameters().len());
        for (parameter, known) in row["parameters"].as_array().unwrap().iter().zip(function.parameters()) {
            let with_default = function.clone().with(known.name, &known.default.to_string()).unwrap();
            assert_eq!(with_default, *function, "{parameter}");
        }
    }
    let clipped = rows.iter().find(|row| row["function"] == "generalized_relu").unwrap();
    assert_eq!(clipped["parameters"][1]["default"], "inf");
}
