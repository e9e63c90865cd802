/**
 * The memory behind a blocked encoder, shared by the threads that compute it: parameters, weights in blocked order, sums of gradients.
 *
 * Work on it is shared out by layers; who does which share does not change a number.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import type { ConvLayer, EncoderLayers } from '#core/model/encoder/layers';
import { foldNorm, unfoldNormGradients, unfoldWeightGradient } from '#core/model/encoder/fold';
import { trainableLayers, valuesWithGradient, type Trainable } from '#core/model/encoder/trainable';
import { gradientName } from '#core/model/onnx/backwardGraph';
import { foldedOffsetName } from '#core/model/onnx/forwardGraph';
import { tapGradientName } from './backward.ts';
import { blockedChannels, blockedName, blockedWeight, phasesOf, phaseWeight } from './layout.ts';
import {
  mayTransform,
  WINOGRAD_PLACES,
  winogradName,
  winogradOffset,
  winogradOffsetName,
  winogradWeight,
} from './winograd.ts';

/** What a blocked encoder is: its layers, the channels in a group, what is trained. */
export interface BlockedEncoder {
  readonly encoder: EncoderLayers;
  readonly block: number;
  readonly trainable: Trainable;
  /** Whether features are computed with Winograd's transformed weights where that pays: they cost time once and memory. */
  readonly transformed: boolean;
}

/** One share of the work, of `of` in all. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** Numbers that all threads see. */
export interface BlockedMemory {
  readonly parameters: TensorMap;
  /** Graph inputs of the forward pass by name: blocked weights and folded offsets. */
  readonly forward: TensorMap;
  /** More inputs of the backward pass: weights of the phases. */
  readonly backward: TensorMap;
  /** For each thread: its gradients of folded weights and offsets by the graph's output names, which runs add to. */
  readonly sums: readonly TensorMap[];
}

const product = (shape: readonly number[]): number => shape.reduce((total, length) => total * length, 1);

function shared(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

const zeros = (shape: readonly number[]) => ({ shape, data: shared(product(shape)) });

function convsOf({ encoder }: BlockedEncoder): ConvLayer[] {
  return encoder.layers.filter((layer) => layer.kind === 'conv');
}

/** Allocates the memory for a number of threads; nothing is filled in. */
export function createBlockedMemory(blocked: BlockedEncoder, threads: number): BlockedMemory {
  const { encoder, block, trainable, transformed } = blocked;
  const parameters: TensorMap = {};
  for (const { name, shape } of encoder.parameters) parameters[name] = zeros(shape);
  const forward: TensorMap = {};
  const backward: TensorMap = {};
  const withGradient = valuesWithGradient(encoder, trainable);
  const trained = trainableLayers(encoder, trainable);
  const sums = Array.from({ length: threads }, (): TensorMap => ({}));
  for (const layer of convsOf(blocked)) {
    const { weight, norm, inChannels, outChannels, kernel } = layer;
    const first = layer.input === encoder.input;
    const out = blockedChannels(outChannels, block);
    const channels = first ? inChannels : blockedChannels(inChannels, block);
    forward[foldedOffsetName(norm)] = zeros([out]);
    forward[blockedName(weight)] = zeros([out, channels, ...kernel]);
    if (transformed && mayTransform(layer, block)) {
      forward[winogradName(weight)] = zeros([WINOGRAD_PLACES * out, channels, 1, 1]);
      forward[winogradOffsetName(weight)] = zeros([WINOGRAD_PLACES * out]);
    }
    if (withGradient.has(layer.input)) {
      for (const { name, rows, columns } of phasesOf(layer)) {
        const size = [rows.taps.length, columns.taps.length];
        if (!size.includes(0)) backward[name] = zeros([channels, out, ...size]);
      }
    }
    if (!trained.has(weight)) continue;
    for (const own of sums) {
      own[gradientName(foldedOffsetName(norm))] = zeros([outChannels]);
      if (first) own[gradientName(weight)] = zeros([outChannels, inChannels, ...kernel]);
      else
        for (let tap = 0; tap < product(kernel); tap += 1)
          own[tapGradientName(weight, tap)] = zeros([outChannels, inChannels]);
    }
  }
  return { parameters, forward, backward, sums };
}

/** The layers of a share: the largest go round first, so that shares are about equal. */
function layersOf(blocked: BlockedEncoder, { index, of }: Share): ConvLayer[] {
  const size = ({ inChannels, outChannels, kernel }: ConvLayer): number =>
    inChannels * outChannels * product(kernel);
  const loads = Array<number>(of).fill(0);
  return convsOf(blocked)
    .toSorted((a, b) => size(b) - size(a))
    .filter((layer) => {
      const least = loads.indexOf(Math.min(...loads));
      loads[least]! += size(layer);
      return least === index;
    });
}

/** Puts a share of the weights in order: for the forward pass, or those that the backward pass needs besides. */
export function fillWeights(
  blocked: BlockedEncoder,
  memory: BlockedMemory,
  which: 'forward' | 'backward',
  share: Share,
): void {
  const { encoder, block } = blocked;
  for (const layer of layersOf(blocked, share)) {
    const { scale, offset } = foldNorm(layer.norm, memory.parameters);
    const weight = memory.parameters[layer.weight]!.data;
    if (which === 'forward') {
      memory.forward[foldedOffsetName(layer.norm)]!.data.set(offset);
      const into = memory.forward[blockedName(layer.weight)]!.data;
      blockedWeight(layer, layer.input === encoder.input, weight, scale, block, into);
      const places = memory.forward[winogradName(layer.weight)];
      if (places) {
        winogradWeight(layer, weight, scale, block, places.data);
        winogradOffset(offset, memory.forward[winogradOffsetName(layer.weight)]!.data);
      }
    } else {
      for (const phase of phasesOf(layer)) {
        const into = memory.backward[phase.name];
        if (into) phaseWeight(layer, weight, scale, phase, block, into.data);
      }
    }
  }
}

function addInto(sum: Float32Array, data: Float32Array): void {
  for (let i = 0; i < sum.length; i += 1) sum[i]! += data[i]!;
}

/** A share of the parameters' gradients, from the sums of the first `parts` threads; always added in the same order. */
export function collectGradients(
  blocked: BlockedEncoder,
  memory: BlockedMemory,
  parts: number,
  share: Share,
): TensorMap {
  const { encoder, trainable } = blocked;
  const trained = trainableLayers(encoder, trainable);
  const result: TensorMap = {};
  for (const layer of layersOf(blocked, share)) {
    if (!trained.has(layer.weight)) continue;
    for (const sums of memory.sums.slice(0, parts)) {
      for (const [name, found] of Object.entries(layerGradients(layer, memory.parameters, sums))) {
        if (!trainable(name)) continue;
        const before = result[name];
        if (before) addInto(before.data, found);
        else result[name] = { shape: memory.parameters[name]!.shape, data: found };
      }
    }
  }
  return result;
}

/** One layer's gradients by parameter. */
function layerGradients(
  { weight, norm, kernel }: ConvLayer,
  parameters: TensorMap,
  sums: TensorMap,
): Record<string, Float32Array> {
  const whole = sums[gradientName(weight)]?.data;
  const places = Array.from({ length: product(kernel) }, (_, tap) => tap);
  const taps = whole ? [whole] : places.map((tap) => sums[tapGradientName(weight, tap)]!.data);
  const { scale } = foldNorm(norm, parameters);
  const found = unfoldWeightGradient(parameters[weight]!.data, scale, taps);
  const offset = sums[gradientName(foldedOffsetName(norm))]!.data;
  const { gamma, beta } = unfoldNormGradients(norm, parameters, found.scale, offset);
  return { [weight]: found.weight, [`${norm}.weight`]: gamma, [`${norm}.bias`]: beta.slice() };
}
