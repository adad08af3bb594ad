// f32 numbers: their order by bit patterns, samples of them, and their text.

const BYTES = new DataView(new ArrayBuffer(4));
const MAGNITUDE = 0x7fffffff;

export const LARGEST = 3.4028234663852886e38;
const LEAST_NORMAL = 2 ** -126;
const LEAST = 2 ** -149;
const SPECIALS = [0, LEAST, LEAST_NORMAL, LARGEST, Infinity];
// Where branches, saturations and overflows of the functions lie.
const PLACES = [0.25, 0.5, 1, 2, 3, 6, 8, 9, 14.4, 17, 20, 87.3, 88.7, 103.9, 4096, 1e38];
const NEIGHBOURS = 8;

function bitsOf(value) {
  BYTES.setFloat32(0, value);
  return BYTES.getUint32(0);
}

function ofBits(bits) {
  BYTES.setUint32(0, bits);
  return BYTES.getFloat32(0);
}

/** A whole number that grows with the float; -0 comes just below 0. */
export function keyOf(value) {
  const bits = bitsOf(value);
  return bits > MAGNITUDE ? MAGNITUDE - bits : bits;
}

export function ofKey(key) {
  return ofBits(key < 0 ? MAGNITUDE - key : key);
}

function around(place) {
  const key = keyOf(place);
  const floats = [];
  for (let offset = -NEIGHBOURS; offset <= NEIGHBOURS; offset += 1) floats.push(ofKey(key + offset));
  return floats;
}

/** Special values and floats beside them, those beside likely kinks, and beside `places` of the function. */
export function edges(places) {
  const both = [...SPECIALS, ...PLACES, ...places.map(Math.abs)].flatMap((place) => [
    ...around(place),
    ...around(-place),
  ]);
  return Float32Array.from([...both, NaN]);
}

/** Every so many of all 2^32 bit patterns. The step is odd, so that the last digits vary. */
export function ofAllFloats(count) {
  const step = Math.floor(2 ** 32 / count) | 1;
  return { count, at: (index) => ofBits((index * step) % 2 ** 32) };
}

/** Floats from the first to the last, evenly by their order. All of them, if there are no more than `count`. */
export function ofRange(first, last, count) {
  const [low, high] = [keyOf(first), keyOf(last)];
  const all = high - low + 1;
  if (all <= count) return { count: all, at: (index) => ofKey(low + index) };
  return { count, at: (index) => ofKey(low + Math.floor((index * (all - 1)) / (count - 1))) };
}

/** The shortest text that is read as the same f32. */
export function shortest(value) {
  const single = Math.fround(value);
  if (Object.is(single, -0)) return "-0";
  for (let digits = 1; digits < 9; digits += 1) {
    const text = single.toPrecision(digits);
    if (Math.fround(Number(text)) === single) return String(Number(text));
  }
  return String(Number(single.toPrecision(9)));
}

/** A whole number with its digits in groups of three. */
export function grouped(count) {
  return count.toLocaleString("en").replaceAll(",", "\u202f");
}

/** Text for people, with so many significant digits and a true minus sign. */
export function readable(value, digits = 7) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Object.is(value, -0)) return "−0";
  const size = Math.abs(value);
  const text =
    size >= 1e7 || (size < 1e-4 && size > 0)
      ? value
          .toExponential(digits - 1)
          .replace(/\.?0+e/, "e")
          .replace("e+", "e")
      : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}
