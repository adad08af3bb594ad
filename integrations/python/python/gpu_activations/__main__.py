"""The commands `list` and `devices` of the command line `gpu-activations`; with --json they write the same."""

import argparse
import json
import math
import os
import sys
import textwrap

from . import _gpu_activations as _rust
from ._errors import DeviceError


def main():
    parser = argparse.ArgumentParser(prog="python -m gpu_activations")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("list", "every function with its parameters and its formula"),
        ("devices", "the adapters that can be used"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    try:
        lines = {"list": _list, "devices": _devices}[arguments.command](arguments.json)
    except (DeviceError, ValueError) as error:
        sys.exit(f"gpu-activations: {error}")
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads on, as after `| head`. Python would say so once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _list(as_json):
    return [_json_line(row) if as_json else _entry(row) for row in _rust.table()]


def _json_line(row):
    of_table = [
        {key: _finite(each[key]) for key in ("name", "default", "min", "max", "learnable")}
        for each in row["parameters"]
    ]
    if row["name"] == "rrelu":
        of_table.append({"name": "seed", "default": None, "min": 0, "max": 2**64 - 1, "learnable": False})
    line = {
        "function": row["name"],
        "pass": ["forward", "backward"],
        "storage": ["f32", "f16", "bf16"],
        "adapter": None,
        "aliases": row["aliases"],
        "parameters": of_table,
    }
    line |= {key: row[key] for key in ("formula", "family", "mask", "sink")}
    return json.dumps(line, ensure_ascii=False)


def _finite(value):
    """A number, or a word for infinities, which JSON lacks."""
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _entry(row):
    details = [row["formula"]]
    details += [f"{each['name']} = {each['default_text']} ({each['range']})" for each in row["parameters"]]
    if row["name"] == "rrelu":
        details.append("seed (an integer from 0 to 2^64 - 1; given, slopes are drawn, as in training)")
    if row["mask"]:
        details.append("mask (bool or u8; broadcast onto x; 1 keeps)")
    if row["sink"]:
        details.append("sink (broadcast onto x with length 1 along the axis)")
    if row["aliases"]:
        details.append(f"also {', '.join(row['aliases'])}")
    title = f"{row['name']}, along an axis" if row["along"] else row["name"]
    wrapped = [textwrap.fill(each, 80, initial_indent=" " * 4, subsequent_indent=" " * 8) for each in details]
    return "\n".join([title, *wrapped])


def _devices(as_json):
    usable, unusable = _rust.devices()
    for adapter, reason in unusable:
        print(f"{adapter} cannot be used: {' '.join(reason.splitlines())}", file=sys.stderr)
    if as_json:
        return [json.dumps(device) for device in usable]
    return [_described(device) for device in usable] or ["no adapter can run compute shaders"]


def _described(device):
    choices = ", ".join(
        f"{name.replace('_', ' ')}: {_yes_or_no(is_so)}" for name, is_so in device["arithmetic"].items()
    )
    limits = [
        f"buffers to {device['max_buffer_size']} bytes",
        f"bindings to {device['max_storage_buffer_binding_size']}",
        f"offsets in steps of {device['min_storage_buffer_offset_alignment']}; {', '.join(device['storage'])}",
    ]
    lines = [
        device["adapter"],
        f"    {device['kind']} on {device['backend']}, {device['driver']}",
        f"    {', '.join(limits)}; subgroups: {_yes_or_no(device['subgroups'])}",
        textwrap.fill(choices, 100, initial_indent=" " * 4, subsequent_indent=" " * 4),
    ]
    return "\n".join(lines)


def _yes_or_no(value):
    return "yes" if value else "no"


if __name__ == "__main__":
    main()
