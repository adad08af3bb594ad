// Arrays of numbers in files, and when two results count as the same. Node and browsers read this.

const LEAST_NORMAL = 2 ** -126;
const word = new DataView(new ArrayBuffer(4));

/** The bits of an f32. */
export function bits(value) {
  word.setFloat32(0, value);
  return word.getUint32(0);
}

/** How many f32 two numbers are apart; both zeros are one. */
export function steps(a, b) {
  const number = (value) => (bits(value) & 0x7fffffff) * (bits(value) >>> 31 ? -1 : 1);
  return Math.abs(number(a) - number(b));
}

/** What a browser may give where the crate gives something on the same driver: all that these tests allow is here.
 *
 * Each compiles shaders with a compiler of its own, so results may be one f32 apart. NaN is NaN, the zeros are equal, and a
 * subnormal may be 0. */
export function agree(a, b) {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  const flushed = (a === 0 && Math.abs(b) < LEAST_NORMAL) || (b === 0 && Math.abs(a) < LEAST_NORMAL);
  return flushed || steps(a, b) <= 1;
}

/** A whole .npy file; f32 or bytes. */
export function toNpy(values, shape) {
  const type = values instanceof Uint8Array ? '|u1' : '<f4';
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11) + '\n';
  const length = [header.length & 255, header.length >> 8];
  const begin = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, ...length, ...new TextEncoder().encode(header)];
  const file = new Uint8Array(begin.length + values.byteLength);
  file.set(begin);
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), begin.length);
  return file;
}

/** The values of an .npy file as the command line or toNpy writes it: version 1, f32 or bytes, in C order. */
export function fromNpy(buffer) {
  const length = new DataView(buffer).getUint16(8, true);
  const header = new TextDecoder().decode(new Uint8Array(buffer, 10, length));
  const values = buffer.slice(10 + length);
  return header.includes("'|u1'") ? new Uint8Array(values) : new Float32Array(values);
}
