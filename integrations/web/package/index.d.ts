/** An activation: its name with parameters, as "gelu" or "leaky_relu(negative_slope=0.2)", or a formula. */
export type Activation = string | Formula;

/** How exact results on the device are: within 1 to 2 units in the last place, or within about 8 and faster. */
export type Accuracy = "highest" | "fast";

/** Values of parameters by name; {@link list} says which a function has, with ranges. Words are for gated units. */
export type Parameters = Record<string, number | string | boolean>;

export interface ReferenceOptions {
  parameters?: Parameters;
  /** 0 for the function itself, 1 and 2 for its derivatives; 0 if absent. */
  order?: 0 | 1 | 2;
}

export interface Options {
  parameters?: Parameters;
  /** The shape of x, in C order; one axis if absent. */
  shape?: number[];
  /** The axis that a function of the softmax family, a gated unit, maxout or crelu works along; negative counts from the
   * end, and the last if absent. */
  axis?: number;
  /** For the softmax family: 0 leaves the element of x out. As long as x. */
  mask?: Uint8Array;
  accuracy?: Accuracy;
  /** Makes rrelu that of training: its slopes are drawn from this seed. At most 2^64 - 1. */
  seed?: number | bigint;
}

export interface DerivativeOptions {
  parameters?: Parameters;
  /** 1 if absent. */
  order?: 1 | 2;
  accuracy?: Accuracy;
}

/** What {@link list} says of a parameter. */
export interface ParameterInfo {
  name: string;
  default: number | string | boolean | null;
  /** The least value, and the largest; null where there is no such bound or the value is a word. */
  min: number | null;
  max: number | null;
  learnable: boolean;
}

/** What {@link list} says of a function. */
export interface FunctionInfo {
  name: string;
  /** Other names that are read as this one. */
  aliases: string[];
  /** In mathematical notation, with Greek letters. */
  formula: string;
  family: string;
  /** Whether it works along an axis, rather than element by element. */
  along: boolean;
  /** Whether it takes a mask. */
  mask: boolean;
  parameters: ParameterInfo[];
}

/** A function of your own. {@link custom} makes one. It stands wherever a name stands. */
export class Formula {
  private constructor();
  /** As text that is read again: "custom(x * sigmoid(beta * x); beta = 1.5)". */
  toString(): string;
  readonly parameters: ParameterInfo[];
}

/** The adapter that computes, as far as the browser tells. */
export interface Adapter {
  /** Empty where the browser does not tell. */
  name: string;
  /** Whether the browser says that it computes on the CPU. */
  isSoftware: boolean;
}

/** Errors of results against the f64 reference. */
export interface Comparison {
  /** The largest error in units in the last place; Infinity for a wrong special value. */
  worstUlp: number;
  /** The input of that error. */
  worstInput: number;
  /** The bound that the function states. */
  limitUlp: number;
  /** The results compared. */
  count: number;
  /** The errors beyond the bound. */
  failed: number;
}

export type Pass = "forward" | "backward" | "derivative" | "doubleBackward";

export interface PlanOptions {
  /** "forward" if absent. */
  pass?: Pass;
  /** Of x. */
  shape: number[];
  parameters?: Parameters;
  axis?: number;
  /** Whether there is a mask, of one byte an element of x. */
  mask?: boolean;
  /** Of a derivative; 1 if absent. */
  order?: 1 | 2;
  accuracy?: Accuracy;
  seed?: number | bigint;
  /** The limits of the device that will run the plan, `device.limits`; those that every device has if absent. */
  limits?: GPUSupportedLimits;
}

/** An operand of a plan. dx is the result of backward, and result that of a derivative. */
export type Operand = "x" | "dy" | "v" | "mask" | "y" | "dx" | "ddy" | "result";

export interface PlannedBinding {
  binding: number;
  type: "read-only-storage" | "storage";
  /** An operand, or the index of scratch memory in {@link Plan.scratch}. */
  buffer: Operand | number;
  /** In bytes. */
  offset: number;
  /** In bytes. */
  size: number;
}

/** One dispatch, in group 0. */
export interface PlannedDispatch {
  /** The index of its text in {@link Plan.modules}. */
  module: number;
  entryPoint: string;
  bindings: PlannedBinding[];
  /** The bytes of the uniform buffer and its binding, if there is one. */
  uniform: { binding: number; bytes: Uint8Array } | null;
  /** Along x, y and z. */
  workgroups: [number, number, number];
}

/** An operation as plain data. It may be cloned, kept, and sent to a worker. */
export interface Plan {
  /** WGSL. */
  modules: string[];
  dispatches: PlannedDispatch[];
  /** The bytes that each operand's buffer has at least; a mask's are whole words. */
  operands: Partial<Record<Operand, number>>;
  /** The bytes of each scratch buffer. */
  scratch: number[];
}

/** Options of a {@link Trainer}. */
export interface Training {
  data: "moons" | "spirals" | "xor";
  /** An elementwise function. */
  activation: Activation;
  /** The units of each hidden layer, multiples of 4; [8, 8] if absent. At most 8 layers of 64. */
  layers?: number[];
  /** The learning rate of Adam; 0.01 if absent. */
  rate?: number;
  /** Of weights and the order of examples; 1 if absent. */
  seed?: number;
}

/** A small network that is trained on the device: points of two classes in the plane. */
export class Trainer {
  private constructor();
  static create(gpu: GpuActivations, training: Training): Promise<Trainer>;
  /** Points of the training set, x and y in turn. */
  readonly points: Float32Array;
  /** The class of each point, 0 or 1. */
  readonly labels: Uint8Array;
  /** Half the side of the square of {@link boundary}, whose middle is 0. */
  readonly extent: number;
  /** The minibatches that there are. */
  readonly mostSteps: number;
  /** Goes through so many minibatches of 64 points, as far as there are. Gives the mean loss over them, NaN
   * where none is left, and the number of minibatches so far. */
  train(steps: number): Promise<{ step: number; loss: number }>;
  /** The probability of class 1 at the points of a square, row by row from the lowest y, `side` points a row. */
  boundary(): Promise<{ side: number; probabilities: Float32Array }>;
  /** The share of points of the test set that are told right. */
  accuracy(): Promise<number>;
  /** Frees memory. Its methods fail afterwards. */
  free(): void;
}

/** A GPU, by WebGPU. Methods that return promises wait for it; what it refuses is the error of the next one awaited. */
export class GpuActivations {
  private constructor();
  /** Takes the browser's adapter, after {@link load}. Fails where there is no WebGPU. */
  static create(options?: { accuracy?: Accuracy; wasm?: string | URL | Request | BufferSource }): Promise<GpuActivations>;
  readonly adapter: Adapter;
  /** y = f(x). */
  forward(activation: Activation, x: Float32Array, options?: Options): Promise<Float32Array>;
  /** dx = dy·f′(x); along an axis, the gradient by x. dy has the shape of y. */
  backward(activation: Activation, x: Float32Array, dy: Float32Array, options?: Options): Promise<Float32Array>;
  /** f′(x) or f″(x), of an elementwise function. */
  derivative(activation: Activation, x: Float32Array, options?: DerivativeOptions): Promise<Float32Array>;
  /** The gradient of backward, whose dx has the gradient v. */
  doubleBackward(
    activation: Activation, x: Float32Array, dy: Float32Array, v: Float32Array, options?: Options,
  ): Promise<{ dx: Float32Array; ddy: Float32Array }>;
  /** The dispatches of an operation as plain data, for {@link record}. For the time of the call it takes the operands'
   * memory on this GPU. */
  plan(activation: Activation, options: PlanOptions): Plan;
  /** As the module's {@link custom}. */
  custom(formula: string, parameters?: Parameters): Formula;
  /** As the module's {@link snippet}. */
  snippet(activation: Activation, prefix: string, options?: { parameters?: Parameters; accuracy?: Accuracy }): string;
  /** As the module's {@link list}. */
  list(): FunctionInfo[];
  /** As the module's {@link reference}. */
  reference(activation: Activation, x: ArrayLike<number>, options?: ReferenceOptions): Float64Array;
  /** Frees the device's memory. Its methods fail afterwards. */
  free(): void;
}

/** Loads the WebAssembly that is beside this file, or that given. What follows needs it; calls after the first do nothing. */
export function load(wasm?: string | URL | Request | BufferSource): Promise<void>;

/** All functions. */
export function list(): FunctionInfo[];

/** A function of your own, such as "x * sigmoid(beta * x); beta = 1.5". Parameters without a value need one here. */
export function custom(formula: string, parameters?: Parameters): Formula;

/** An elementwise function in f64 on the CPU; without WebGPU, too. */
export function reference(activation: Activation, x: ArrayLike<number>, options?: ReferenceOptions): Float64Array;

/** Holds results of an elementwise function or its derivatives to the f64 reference. */
export function compare(
  activation: Activation, x: Float32Array, results: Float32Array, options?: ReferenceOptions & { accuracy?: Accuracy },
): Comparison;

/** The function, both derivatives and what they need as WGSL to include in a shader, under names with this prefix. */
export function snippet(
  activation: Activation, prefix: string, options?: { parameters?: Parameters; accuracy?: Accuracy },
): string;

/** The whole WGSL module of a pass, with its bindings. */
export function shader(
  activation: Activation,
  options?: { pass?: Pass; order?: 1 | 2; parameters?: Parameters; accuracy?: Accuracy },
): string;

/** Records a plan into an encoder of yours, on buffers of yours with the usage STORAGE. You submit it. Pipelines,
 * uniforms and scratch memory are kept for each device. */
export function record(
  device: GPUDevice, encoder: GPUCommandEncoder, plan: Plan, buffers: Partial<Record<Operand, GPUBuffer>>,
): void;
