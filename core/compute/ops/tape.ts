/**
 * A small tape for reverse-mode gradients over TF.js kernels.
 *
 * TF.js's own autodiff asks for kernels that its WASM back end lacks (filter gradients, segment sums) and needs the loss inside one
 * synchronous call. Here every operation brings its own backward pass, composed of kernels that all back ends have, and the loss may be
 * computed on the host between forward and backward. Nothing but TF.js core is imported; the current back end runs it.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';

/** A tensor on the tape with the gradient that has reached it so far. */
export interface TapeNode {
  readonly tensor: tf.Tensor;
  readonly shape: readonly number[];
  /** True when a gradient must flow through here. */
  readonly wanted: boolean;
  gradient: tf.Tensor | null;
}

/** What an operation gives: its output, tensors its backward pass needs, and that pass. */
export interface TapeOperation {
  readonly output: tf.Tensor;
  /** Kept until the backward pass has run. Inputs and the output need not be listed. */
  readonly saved?: readonly tf.Tensor[];
  /** Gradients of the inputs in their order; null for none. Runs in a tidy scope. */
  readonly backward: (dy: tf.Tensor) => readonly (tf.Tensor | null)[];
}

/** One forward pass and, when recording, its backward pass. */
export interface Tape {
  /** An input or parameter; the tape disposes it. */
  leaf(tensor: tf.Tensor, wanted: boolean): TapeNode;
  /** Runs `forward` in a tidy scope and remembers its backward pass. */
  apply(inputs: readonly TapeNode[], forward: () => TapeOperation): TapeNode;
  /** Sends gradients from the seeds (which the tape disposes) to the wanted leaves. Once per tape. */
  backward(seeds: readonly (readonly [TapeNode, tf.Tensor])[]): void;
  /** Frees every tensor of the tape. Safe to call twice. */
  dispose(): void;
}

interface Entry {
  readonly inputs: readonly TapeNode[];
  readonly node: TapeNode;
  readonly saved: readonly tf.Tensor[];
  readonly backward: TapeOperation['backward'];
}

/** An empty tape. Without `recording` nothing is kept for a backward pass. */
export function createTape(recording: boolean): Tape {
  const entries: Entry[] = [];
  const nodes: TapeNode[] = [];
  const makeNode = (tensor: tf.Tensor, wanted: boolean): TapeNode => {
    const node: TapeNode = { tensor, shape: tensor.shape, wanted, gradient: null };
    nodes.push(node);
    return node;
  };
  const accumulate = (node: TapeNode, gradient: tf.Tensor): void => {
    if (node.gradient === null) {
      node.gradient = gradient;
      return;
    }
    const before = node.gradient;
    node.gradient = tf.add(before, gradient);
    before.dispose();
    gradient.dispose();
  };
  return {
    leaf: (tensor, wanted) => makeNode(tensor, wanted && recording),
    apply(inputs, forward) {
      const wanted = recording && inputs.some((input) => input.wanted);
      let backward: TapeOperation['backward'] = () => [];
      const kept = tf.tidy(() => {
        const operation = forward();
        backward = operation.backward;
        return { output: operation.output, saved: wanted ? [...(operation.saved ?? [])] : [] };
      });
      const node = makeNode(kept.output, wanted);
      if (wanted) entries.push({ inputs, node, saved: kept.saved, backward });
      return node;
    },
    backward(seeds) {
      for (const [node, gradient] of seeds) accumulate(node, gradient);
      for (const entry of entries.reverse()) {
        const dy = entry.node.gradient;
        if (dy !== null) {
          const arrived: [TapeNode, tf.Tensor][] = [];
          tf.tidy(() => {
            entry.backward(dy).forEach((gradient, i) => {
              const input = entry.inputs[i];
              if (gradient !== null && input?.wanted === true)
                arrived.push([input, tf.keep(tf.clone(gradient))]);
            });
          });
          for (const [input, gradient] of arrived) accumulate(input, gradient);
          dy.dispose();
          entry.node.gradient = null;
        }
        tf.dispose([...entry.saved]);
      }
      entries.length = 0;
    },
    dispose() {
      for (const entry of entries) tf.dispose([...entry.saved]);
      entries.length = 0;
      for (const node of nodes) {
        node.tensor.dispose();
        node.gradient?.dispose();
        node.gradient = null;
      }
      nodes.length = 0;
    },
  };
}

/** Parameters on the tape by name, uploaded when first asked for. */
export interface ParameterNodes {
  /** @throws StudioError `bad-input` when there is no parameter of that name */
  get(name: string): TapeNode;
  /** Gradients of all parameters on the host; zeros where none arrived. */
  gradients(): Promise<TensorMap>;
}

/** Puts host parameters on a tape; with `wanted` their gradients are computed. */
export function parameterNodes(tape: Tape, parameters: TensorMap, wanted: boolean): ParameterNodes {
  const nodes = new Map<string, TapeNode>();
  return {
    get(name) {
      const known = nodes.get(name);
      if (known !== undefined) return known;
      const host = parameters[name];
      if (host === undefined) {
        throw new StudioError(
          'bad-input',
          `The head's weights have no tensor "${name}". The file belongs to another head.`,
          { name },
        );
      }
      const node = tape.leaf(tf.tensor(host.data, [...host.shape], 'float32'), wanted);
      nodes.set(name, node);
      return node;
    },
    async gradients() {
      const result: Record<string, HostTensor> = {};
      for (const [name, host] of Object.entries(parameters)) {
        const gradient = nodes.get(name)?.gradient;
        const data =
          gradient == null ? new Float32Array(host.data.length) : ((await gradient.data()) as Float32Array);
        result[name] = { shape: host.shape, data };
      }
      return result;
    },
  };
}
