/**
 * Optimisers over plain parameters: SGD with momentum (Sutskever et al., 2013, as PyTorch writes it), Adam (Kingma and Ba, 2015) and
 * AdamW (Loshchilov and Hutter, 2019), equal to `torch.optim` in formula and order.
 *
 * State is plain data, so that a checkpoint holds all of it. A step changes parameters and state in place: they may be large.
 */
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import type { OptimiserConfig } from './config.ts';

/** What an optimiser remembers. */
export interface OptimiserState {
  /** Steps done. */
  step: number;
  /** Momentum (SGD) or first moment (Adam), by parameter. */
  readonly first: TensorMap;
  /** Second moment (Adam), by parameter. */
  readonly second: TensorMap;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** The state before the first step. */
export function initialOptimiserState(): OptimiserState {
  return { step: 0, first: {}, second: {} };
}

function slot(map: TensorMap, name: string, like: HostTensor): Float32Array {
  map[name] ??= { shape: like.shape, data: new Float32Array(like.data.length) };
  return map[name].data;
}

/**
 * One step. Parameters without a gradient stay as they are.
 * @param noDecay names of parameters that weight decay leaves alone
 */
export function optimiserStep(
  config: OptimiserConfig,
  learningRate: number,
  parameters: TensorMap,
  gradients: TensorMap,
  state: OptimiserState,
  noDecay: (name: string) => boolean,
): void {
  state.step += 1;
  for (const [name, gradient] of Object.entries(gradients)) {
    const parameter = parameters[name];
    if (parameter === undefined) continue;
    const decay = noDecay(name) ? 0 : config.weightDecay;
    if (config.kind === 'sgd') sgd(config, learningRate, decay, name, parameter, gradient.data, state);
    else adam(config.kind === 'adamw', learningRate, decay, name, parameter, gradient.data, state);
  }
}

function sgd(
  config: OptimiserConfig,
  learningRate: number,
  decay: number,
  name: string,
  parameter: HostTensor,
  gradient: Float32Array,
  state: OptimiserState,
): void {
  const { data } = parameter;
  if (config.momentum === 0) {
    for (let i = 0; i < data.length; i += 1) data[i]! -= learningRate * (gradient[i]! + decay * data[i]!);
    return;
  }
  const isNew = state.first[name] === undefined;
  const momentum = slot(state.first, name, parameter);
  for (let i = 0; i < data.length; i += 1) {
    const g = gradient[i]! + decay * data[i]!;
    momentum[i] = isNew ? g : config.momentum * momentum[i]! + g;
    data[i]! -= learningRate * momentum[i]!;
  }
}

function adam(
  decoupled: boolean,
  learningRate: number,
  decay: number,
  name: string,
  parameter: HostTensor,
  gradient: Float32Array,
  state: OptimiserState,
): void {
  const { data } = parameter;
  const first = slot(state.first, name, parameter);
  const second = slot(state.second, name, parameter);
  const correction1 = 1 - BETA1 ** state.step;
  const correction2 = Math.sqrt(1 - BETA2 ** state.step);
  const rate = learningRate / correction1;
  for (let i = 0; i < data.length; i += 1) {
    let g = gradient[i]!;
    if (decoupled) data[i]! *= 1 - learningRate * decay;
    else g += decay * data[i]!;
    const m = BETA1 * first[i]! + (1 - BETA1) * g;
    const v = BETA2 * second[i]! + (1 - BETA2) * g * g;
    first[i] = m;
    second[i] = v;
    data[i]! -= (rate * m) / (Math.sqrt(v) / correction2 + EPSILON);
  }
}

/** Euclidean norm over all gradients. */
export function globalNorm(...maps: readonly TensorMap[]): number {
  let sum = 0;
  for (const map of maps) {
    for (const { data } of Object.values(map)) {
      for (let i = 0; i < data.length; i += 1) sum += data[i]! * data[i]!;
    }
  }
  return Math.sqrt(sum);
}

/**
 * Scales gradients in place so that their norm is at most `limit` (`torch.nn.utils.clip_grad_norm_`).
 * @returns the norm before
 */
export function clipByGlobalNorm(gradients: TensorMap, limit: number | null): number {
  const norm = globalNorm(gradients);
  if (limit === null || norm <= limit || !Number.isFinite(norm)) return norm;
  const factor = limit / (norm + 1e-6);
  for (const { data } of Object.values(gradients)) {
    for (let i = 0; i < data.length; i += 1) data[i]! *= factor;
  }
  return norm;
}

/** A copy that shares nothing. */
export function cloneParameters(parameters: TensorMap): TensorMap {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  );
}

/** Exponential moving average, in place: average ← decay · average + (1 − decay) · parameters. */
export function updateAverage(average: TensorMap, parameters: TensorMap, decay: number): void {
  for (const [name, { data }] of Object.entries(average)) {
    const next = parameters[name]!.data;
    for (let i = 0; i < data.length; i += 1) data[i] = decay * data[i]! + (1 - decay) * next[i]!;
  }
}

/** Adds `other` to `sum` in place; names that `sum` lacks are copied. */
export function addGradients(sum: TensorMap, other: TensorMap): void {
  for (const [name, tensor] of Object.entries(other)) {
    const target = sum[name]?.data;
    if (target === undefined) sum[name] = { shape: tensor.shape, data: tensor.data.slice() };
    else for (let i = 0; i < target.length; i += 1) target[i]! += tensor.data[i]!;
  }
}

/** `gradients *= factor`. */
export function scaleGradients(gradients: TensorMap, factor: number): void {
  for (const { data } of Object.values(gradients)) {
    for (let i = 0; i < data.length; i += 1) data[i]! *= factor;
  }
}
