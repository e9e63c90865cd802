/**
 * One thread of the parallel encoder (`parallelEncoder.ts`): sessions of its own, on one core, answering numbered calls in order.
 */
import { parentPort } from 'node:worker_threads';
import type { EncoderSession, EncoderSessionOptions } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import { toErrorInfo } from '#core/contract/errors';
import type { ErrorInfo } from '#core/contract/errors';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { BlockedMemory } from '#core/model/onnx/blocked/memory';
import { createBlockedRunner, type BlockedRunner } from './blockedRunner.ts';
import { describeBlocked, openOnnxEncoder } from './encoderSession.ts';

/** How a session is opened: the plain graphs with parameters of their own, or the blocked ones on shared memory. */
export type OpenCall =
  | {
      readonly kind: 'plain';
      readonly spec: EncoderSpec;
      readonly parameters: TensorMap;
      readonly options: EncoderSessionOptions;
    }
  | {
      readonly kind: 'blocked';
      readonly spec: EncoderSpec;
      readonly options: EncoderSessionOptions;
      readonly block: number;
      readonly memory: BlockedMemory;
      readonly part: number;
    };

/** Names of a session's calls. */
export type CallName = 'open' | keyof BlockedRunner | keyof EncoderSession;

/** A call on its way. */
export interface ThreadMessage {
  readonly id: number;
  readonly session: number;
  readonly call: CallName;
  readonly parameters: readonly unknown[];
}

/** The answer to a call. */
export interface ThreadReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: ErrorInfo;
}

type Opened = Readonly<Record<string, unknown>>;

const sessions = new Map<number, Opened>();

async function open(call: OpenCall): Promise<BlockedRunner | EncoderSession> {
  if (call.kind === 'plain') return openOnnxEncoder(call.spec, call.parameters, call.options);
  const blocked = describeBlocked(call.spec, call.options, call.block);
  return createBlockedRunner(call.spec, blocked, call.memory, call.part);
}

async function answer({ session, call, parameters }: ThreadMessage): Promise<unknown> {
  if (call === 'open') {
    sessions.set(session, { ...(await open(parameters[0] as OpenCall)) });
    return null;
  }
  const work = sessions.get(session)?.[call] as ((...values: readonly unknown[]) => unknown) | undefined;
  if (call === 'dispose') sessions.delete(session);
  return (await work?.(...parameters)) ?? null;
}

/** Buffers of an answer's numbers, to be handed over instead of copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (value instanceof Float32Array) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(buffersOf);
}

let queue: Promise<void> = Promise.resolve();
parentPort?.on('message', (message: ThreadMessage) => {
  queue = queue.then(async () => {
    let reply: ThreadReply;
    try {
      reply = { id: message.id, value: await answer(message) };
    } catch (error) {
      reply = { id: message.id, error: toErrorInfo(error) };
    }
    parentPort?.postMessage(reply, buffersOf(reply.value));
  });
});
