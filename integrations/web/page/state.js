// The state of the page as readable text for the address bar: "f=gelu,swish(beta=2)&x=-5..5".

const PLAIN = {
  "%2C": ",",
  "%3D": "=",
  "%3B": ";",
  "%3A": ":",
  "%2F": "/",
  "%5E": "^",
  "%3F": "?",
  "%40": "@",
  "%2B": "+",
};

function encoded(text) {
  return encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (code) => PLAIN[code] ?? code);
}

/** Pairs of a key and a text, as one text. */
export function formatState(pairs) {
  return pairs.map(([key, value]) => `${key}=${encoded(value)}`).join("&");
}

/** The pairs by key, and messages of the parts that are none. */
export function parseState(text) {
  const pairs = new Map();
  const messages = [];
  for (const part of text.replace(/^#/, "").split("&").filter(Boolean)) {
    const middle = part.indexOf("=");
    try {
      if (middle < 1) throw new Error();
      pairs.set(part.slice(0, middle), decodeURIComponent(part.slice(middle + 1)));
    } catch {
      messages.push(`"${part}" is no setting: it needs the form name=value.`);
    }
  }
  return { pairs, messages };
}

/** A formula without the spaces around single operators, which an address would show as %20. */
export function compact(formula) {
  return formula.replace(/(?<=[\w).]) *([-+*/=;,^]) *(?=[\w(])/g, "$1");
}

/** Splits "gelu,swish(beta=2,b=1)" at the commas outside of parentheses. */
export function splitList(text) {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    if (letter === "(") depth += 1;
    if (letter === ")") depth -= 1;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

/** Two finite numbers from "-5..5", the first below the second. */
export function parseRange(text) {
  const ends = text.split("..").map((end) => (end.trim() === "" ? NaN : Number(end)));
  if (ends.length !== 2 || !ends.every(Number.isFinite) || !(ends[0] < ends[1])) {
    throw new Error(`"${text}" is no range: write it as -5..5, the lower end first.`);
  }
  return ends;
}

export function formatRange([first, last]) {
  return `${Number(first.toPrecision(6))}..${Number(last.toPrecision(6))}`;
}

function controlsByKey() {
  return Map.groupBy(document.querySelectorAll("[data-state]"), (control) => control.dataset.state);
}

function valueOf(controls) {
  if (controls[0].type !== "checkbox") return controls[0].value;
  return controls
    .filter((control) => control.checked)
    .map((control) => control.value)
    .join(",");
}

function initialOf(controls) {
  const [first] = controls;
  if (first.type === "checkbox")
    return controls
      .filter((control) => control.defaultChecked)
      .map((control) => control.value)
      .join(",");
  if (first.localName !== "select") return first.defaultValue;
  return (Array.from(first.options).find((option) => option.defaultSelected) ?? first.options[0])?.value ?? "";
}

/** The pairs of all controls with data-state that differ from the first values. */
export function readControls() {
  return Array.from(controlsByKey(), ([key, controls]) => [key, valueOf(controls), initialOf(controls)])
    .filter(([, value, initial]) => value !== initial)
    .map(([key, value]) => [key, value]);
}

function setControls(key, controls, value) {
  const [first] = controls;
  if (first.type === "checkbox") {
    const wanted = value.split(",").filter(Boolean);
    const known = controls.map((control) => control.value);
    const unknown = wanted.find((one) => !known.includes(one));
    if (unknown !== undefined) throw new Error(`${key} has no choice "${unknown}", only ${known.join(", ")}.`);
    for (const control of controls) control.checked = wanted.includes(control.value);
  } else if (first.localName === "select" && !Array.from(first.options).some((option) => option.value === value)) {
    throw new Error(`${key} has no choice "${value}".`);
  } else {
    first.value = value;
  }
}

/** Sets all controls with data-state, those without a pair to their first values. Takes known keys from `pairs`;
 * gives the messages of those that do not fit. */
export function writeControls(pairs) {
  const messages = [];
  for (const [key, controls] of controlsByKey()) {
    setControls(key, controls, initialOf(controls));
    if (!pairs.has(key)) continue;
    try {
      setControls(key, controls, pairs.get(key));
    } catch (error) {
      messages.push(error.message);
    }
    pairs.delete(key);
  }
  return messages;
}
