//! `devices`: the adapters that can be used, and on stderr those that cannot.

use crate::adapter::shown;
use crate::failure::Failure;
use crate::output::{print, say};
use clap::Args;
use gpu_activations::wgpu::{AdapterInfo, Features, Limits};
use gpu_activations::{Arithmetic, Error, GpuActivations};
use serde_json::{Map, Value, json};

#[derive(Args)]
pub struct Arguments {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let survey = pollster::block_on(gpu_activations::survey())?;
    for (info, reason) in &survey.unusable {
        say_unusable(info, reason);
    }
    let mut entries = String::new();
    for adapter in survey.usable {
        let info = adapter.get_info();
        // An adapter may give a device that is lost when it computes.
        let context = GpuActivations::builder().on(adapter).build();
        match context.and_then(|context| Device::of(&context)) {
            Ok(device) if arguments.json => entries.push_str(&format!("{}\n", device.json())),
            Ok(device) => entries.push_str(&device.text()),
            Err(error) => say_unusable(&info, &error.to_string()),
        }
    }
    if entries.is_empty() && !arguments.json {
        entries.push_str("no adapter can run compute shaders; `--device cpu` evaluates on the reference\n");
    }
    print(&entries)?;
    Ok(())
}

fn say_unusable(info: &AdapterInfo, reason: &str) {
    say(&format!("{} cannot be used: {}", shown(info), reason.replace('\n', " ")));
}

/// An adapter whose device has run a kernel.
pub struct Device {
    info: AdapterInfo,
    limits: Limits,
    subgroups: bool,
    arithmetic: Arithmetic,
}

impl Device {
    /// Runs a kernel that finds out what the arithmetic is.
    pub fn of(context: &GpuActivations) -> Result<Device, Error> {
        let (info, device) = (context.adapter_info(), context.device());
        let subgroups = device.features().contains(Features::SUBGROUP);
        Ok(Device { info, limits: device.limits(), subgroups, arithmetic: context.probe()? })
    }

    fn kind(&self) -> String {
        format!("{:?}", self.info.device_type)
    }

    fn driver(&self) -> String {
        format!("{} {}", self.info.driver, self.info.driver_info).trim().to_owned()
    }

    /// The choices that WGSL leaves to the device, and whether it makes them.
    fn choices(&self) -> [(&'static str, bool); 9] {
        let arithmetic = &self.arithmetic;
        [
            ("fuses_fma", arithmetic.fuses_fma),
            ("contracts", arithmetic.contracts),
            ("reassociates", arithmetic.reassociates),
            ("keeps_subnormal_results", arithmetic.keeps_subnormal_results),
            ("keeps_subnormal_operands", arithmetic.keeps_subnormal_operands),
            ("divides_exactly", arithmetic.divides_exactly),
            ("unpacks_f16", arithmetic.unpacks_f16),
            ("packs_f16", arithmetic.packs_f16),
            ("converts_f16", arithmetic.converts_f16),
        ]
    }

    pub fn json(&self) -> Value {
        let choices: Map<String, Value> =
            self.choices().into_iter().map(|(name, chosen)| (name.to_owned(), json!(chosen))).collect();
        json!({
            "adapter": self.info.name,
            "backend": self.info.backend.to_str(),
            "kind": self.kind(),
            "driver": self.driver(),
            "storage": ["f32", "f16", "bf16"],
            "subgroups": self.subgroups,
            "max_buffer_size": self.limits.max_buffer_size,
            "max_storage_buffer_binding_size": self.limits.max_storage_buffer_binding_size,
            "min_storage_buffer_offset_alignment": self.limits.min_storage_buffer_offset_alignment,
            "arithmetic": choices,
        })
    }

    pub fn text(&self) -> String {
        let choice = |(name, chosen): (&str, bool)| format!("{}: {}", name.replace('_', " "), yes_or_no(chosen));
        let choices = self.choices().map(choice).join(", ");
        let indented = textwrap::Options::new(100).initial_indent("    ").subsequent_indent("    ");
        format!(
            "{}\n    {} on {}, {}\n    buffers to {} bytes, bindings to {}, offsets in steps of {}; f32, f16, bf16; subgroups: {}\n{}\n",
            self.info.name,
            self.kind(),
            self.info.backend.to_str(),
            self.driver(),
            self.limits.max_buffer_size,
            self.limits.max_storage_buffer_binding_size,
            self.limits.min_storage_buffer_offset_alignment,
            yes_or_no(self.subgroups),
            textwrap::fill(&choices, indented),
        )
    }
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
