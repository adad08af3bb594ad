// A parameter of a function: its value as text, its slider, its number field.

import { shortest } from "./floats.js";

const SLIDER_STEPS = 200;
const LARGEST_SLIDER = 1e6;
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

/** A value as the library reads it. */
export function writtenValue(value) {
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  return typeof value === "number" ? shortest(value) : String(value);
}

/** The value of a text; NaN where it is no number. */
export function readValue(text) {
  const plain = text.trim().replaceAll("−", "-").replace("∞", "inf");
  const infinite = /^([+-]?)inf(inity)?$/i.exec(plain);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  return plain === "" ? NaN : Number(plain);
}

function isBound(bound) {
  return bound !== null && Math.abs(bound) < LARGEST_SLIDER;
}

/** The ends of a slider: the bounds of the parameter, or numbers about its default where there are none. */
function sliderRange({ default: initial, min, max }) {
  const middle = Number.isFinite(initial) && initial !== null ? initial : 0;
  const reach = middle === 0 ? 5 : 10 ** Math.ceil(Math.log10(Math.abs(middle) * 2));
  const high = isBound(max) ? max : Math.max(reach, isBound(min) ? min + reach : reach);
  const low = isBound(min) ? min : -reach;
  const step = (high - low) / SLIDER_STEPS;
  // A least value such as 2^-126 is no place for a slider.
  return low > 0 && low < step ? { low: step, high, step } : { low, high, step };
}

export function smallButton(label, text, action, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  button.dataset.action = action;
  button.textContent = text;
  button.setAttribute("aria-label", label);
  button.title = label;
  button.addEventListener("click", onClick);
  return button;
}

function makeSlider({ low, high, step }, onValue) {
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: low, max: high, step: "any" });
  const set = (value) => onValue(Number(Math.min(Math.max(value, low), high).toPrecision(6)));
  slider.addEventListener("input", () => set(low + Math.round((Number(slider.value) - low) / step) * step));
  slider.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    set(Number(slider.value) + KEYS[event.key] * step);
  });
  return slider;
}

function makeField(onText) {
  const field = document.createElement("input");
  Object.assign(field, { type: "text", inputMode: "decimal", size: 8, autocomplete: "off" });
  field.addEventListener("change", () => onText(field.value));
  return field;
}

/** The controls of one parameter of a chosen function. */
export function parameterRow(entry, parameter, { error, onValue }) {
  const { name, default: initial } = parameter;
  const set = (value) => {
    entry.values[name] = value;
    show();
    onValue();
  };
  const slider = makeSlider(sliderRange(parameter), set);
  const field = makeField((text) => {
    const value = readValue(text);
    if (Number.isNaN(value)) error.textContent = `"${text}" is no number.`;
    else set(value);
  });
  const show = () => {
    slider.value = String(entry.values[name]);
    field.value = writtenValue(entry.values[name]);
  };
  show();

  const label = document.createElement("label");
  label.textContent = name;
  slider.id = `parameter-${entry.id}-${name}`;
  label.htmlFor = slider.id;
  field.setAttribute("aria-label", `${name} of ${entry.info.name}, as a number`);
  for (const control of [slider, field]) {
    control.setAttribute("aria-describedby", error.id);
    control.dataset.parameter = name;
    control.dataset.of = entry.info.name;
  }
  const reset = smallButton(`Reset ${name} to ${writtenValue(initial)}`, "↺", "reset", () => set(initial));
  const row = document.createElement("div");
  row.className = "parameter";
  row.append(label, slider, field, reset);
  return row;
}
