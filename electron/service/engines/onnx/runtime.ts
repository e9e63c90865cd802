/**
 * ONNX Runtime's sessions for encoder graphs: opened on first use, kept by shape, given up oldest first when they hold too much memory.
 */
import type { InferenceSession, OnnxValue, Tensor } from 'onnxruntime-node';
import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { POOL_POSITIONS_NODE } from '#core/model/onnx/poolGradient';
import { releaseNumbers } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';

type Runtime = typeof import('onnxruntime-node');

// The library's own packages send reports home unless this stands there when it starts (docs/decisions/0094). Set for the whole process: a thread's
// variables are its own, and the library does not see them.
if (isMainThread) process.env['ORT_DISABLE_TELEMETRY'] = '1';

let runtime: Promise<Runtime> | null = null;

/**
 * Loads the library on first use.
 * @throws StudioError `engine-unavailable`
 */
export function loadRuntime(): Promise<Runtime> {
  runtime ??= import('onnxruntime-node').catch((error: unknown) => {
    runtime = null;
    throw new StudioError(
      'engine-unavailable',
      `ONNX Runtime does not load on this machine (${process.platform} ${process.arch}). Run "npm install" again, or choose another engine.`,
      { platform: process.platform, arch: process.arch },
      { cause: error },
    );
  });
  return runtime;
}

/** A compiled graph. */
export interface GraphSession {
  /**
   * Values by name in, float32 data of the outputs by name out.
   * @param into memory that these outputs are written to, and then not returned; it may be an input's
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    into?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Float32Array>>;
  release(): Promise<void>;
}

/** Where graphs run: on the processor, or on the graphics card through the runtime's own Dawn. */
export type Provider = 'cpu' | 'webgpu';

let openGraphs = 0;

/** Graphs of this thread that were compiled and not released. */
export function openGraphCount(): number {
  return openGraphs;
}

/** Compiles a model. In a thread of the parallel encoder it runs on that thread's core alone. */
export async function openGraph(
  model: Uint8Array,
  threads = isMainThread ? availableParallelism() : 1,
  provider: Provider = 'cpu',
): Promise<GraphSession> {
  const library = await loadRuntime();
  const options: InferenceSession.SessionOptions = {
    // What the card's part lacks runs on the processor.
    executionProviders:
      provider === 'cpu' ? ['cpu'] : [{ name: provider, forceCpuNodeNames: [POOL_POSITIONS_NODE] }, 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Planned as one piece, a graph's memory is a quarter larger, and no faster.
    enableMemPattern: false,
    logSeverityLevel: 3,
  };
  const session = await library.InferenceSession.create(model, options);
  openGraphs += 1;
  return {
    run: async (feeds, into = {}) => {
      const fetches = Object.fromEntries(session.outputNames.map((name) => [name, into[name] ?? null]));
      const outputs = await session.run(feeds, fetches);
      const found: Record<string, Float32Array> = {};
      for (const [name, value] of Object.entries(outputs)) {
        const data = float32Data(name, value);
        // The library copies even what it was given memory for.
        if (into[name]) releaseNumbers(data);
        else found[name] = data;
      }
      return found;
    },
    release: async () => {
      await session.release();
      openGraphs -= 1;
    },
  };
}

function float32Data(name: string, value: OnnxValue): Float32Array {
  if (!(value.data instanceof Float32Array)) {
    throw new StudioError('internal', `ONNX Runtime returned ${value.type} for "${name}", not float32.`);
  }
  return value.data;
}

/** Compiled graphs by key, limited by the memory that they are thought to hold. */
export interface GraphCache {
  get(key: string, bytes: number, model: () => Uint8Array): Promise<GraphSession>;
  clear(): Promise<void>;
}

/** A cache that gives up the graphs used longest ago once the sum of `bytes` is above the limit. */
export function createGraphCache(limitBytes: number, provider: Provider = 'cpu'): GraphCache {
  const entries = new Map<string, { readonly bytes: number; readonly session: GraphSession }>();
  const evict = async (incoming: number): Promise<void> => {
    let held = incoming;
    for (const { bytes } of entries.values()) held += bytes;
    for (const [key, { bytes, session }] of [...entries]) {
      if (held <= limitBytes) return;
      entries.delete(key);
      held -= bytes;
      await session.release();
    }
  };
  return {
    get: async (key, bytes, model) => {
      const known = entries.get(key);
      if (known) {
        entries.delete(key);
        entries.set(key, known);
        return known.session;
      }
      await evict(bytes);
      const session = await openGraph(model(), undefined, provider);
      entries.set(key, { bytes, session });
      return session;
    },
    clear: async () => {
      const sessions = [...entries.values()];
      entries.clear();
      for (const { session } of sessions) await session.release();
    },
  };
}
