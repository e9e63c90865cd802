/**
 * A lane: one decoding process and its queue. The process is started when it is needed, watched while it works, and replaced when it dies.
 *
 * A call fails with one clear error when its process crashes, says nothing for ten seconds, or takes more than a gigabyte; the next call gets a
 * new process. Cancelled calls leave the queue; a running one is ended with its process only where that is cheaper than waiting. Calls that nobody waits
 * for run when there are no others, and are put off when another comes.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import process from 'node:process';
import { StudioError, fromErrorInfo } from '#core/contract/errors';
import type { DecodeCallName, DecodeCalls, DecodeReply, DecodeRequest, PutOff } from './protocol.ts';

/** How a lane behaves. */
export interface LaneOptions {
  /** A call that shows no sign of life for so long is ended. */
  readonly silenceMs?: number;
  /** A process larger than this is ended. */
  readonly maxBytes?: number;
  /** A process that has nothing to do for so long goes. */
  readonly idleMs?: number;
  /** End the process when a running call is cancelled (long work), instead of letting it finish. */
  readonly killOnCancel?: boolean;
}

/** How a call runs. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
  /** Nobody waits for it yet: every other call goes first. For frames asked for as `likely`. */
  readonly canWait?: boolean;
}

/** One process, one call at a time. */
export interface Lane {
  call<K extends DecodeCallName>(
    name: K,
    args: DecodeCalls[K]['args'],
    options?: CallOptions,
  ): Promise<DecodeCalls[K]['result']>;
  /** Calls that wait or run. */
  pending(): number;
  /** Process id, while there is one. */
  pid(): number | undefined;
  /** The most memory that its processes had after a call or while watched, in bytes. */
  peakBytes(): number;
  dispose(): void;
}

/** How often a working process is looked at. */
const CHECK_MS = 200;
/** A process on a loaded machine may take so long to start. */
const START_MS = 20_000;

/** glibc would go on to keep freed pictures in its heap, where aligned ones never fit again: gigabytes in minutes. Elsewhere this says nothing. */
const GIVE_BACK = { MALLOC_MMAP_THRESHOLD_: String(1024 * 1024) };

interface Waiting {
  readonly request: DecodeRequest;
  readonly options: CallOptions;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  settled: boolean;
}

/** In a checkout the source itself, in a packed program its bundle. */
function processFile(): string {
  const source = resolve(import.meta.dirname, 'decodeProcess.ts');
  return existsSync(source) ? source : resolve(import.meta.dirname, '../../../../dist/decode/index.mjs');
}

async function residentBytes(pid: number): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const text = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '');
  return Number(text.split(' ')[1] ?? 0) * 4096;
}

/** Makes a lane; no process yet. */
export function createLane(options: LaneOptions = {}): Lane {
  const {
    silenceMs = 10_000,
    maxBytes = 1000 * 1024 * 1024,
    idleMs = 60_000,
    killOnCancel = false,
  } = options;
  const queue: Waiting[] = [];
  /** Calls that can wait. */
  const later: Waiting[] = [];
  let child: ChildProcess | null = null;
  let running: Waiting | null = null;
  let lastSign = 0;
  let lastCheck = 0;
  let idle: NodeJS.Timeout | null = null;
  let watch: NodeJS.Timeout | null = null;
  let nextId = 1;
  let disposed = false;
  let ready = false;
  let peak = 0;

  const nameOf = (waiting: Waiting): string => {
    const { path } = waiting.request.args as { path?: string };
    return path === undefined ? 'the file' : basename(path);
  };
  const settle = (waiting: Waiting, act: () => void): void => {
    if (waiting.settled) return;
    waiting.settled = true;
    act();
  };
  const endProcess = (why: (waiting: Waiting) => Error): void => {
    const dying = child;
    const waiting = running;
    child = null;
    running = null;
    if (watch !== null) clearInterval(watch);
    watch = null;
    dying?.removeAllListeners();
    dying?.on('error', () => undefined);
    dying?.kill('SIGKILL');
    if (waiting !== null) settle(waiting, () => waiting.reject(why(waiting)));
    pump();
  };
  const crashed = (waiting: Waiting): StudioError =>
    new StudioError(
      'damaged',
      `Reading ${nameOf(waiting)} ended the decoder. The file is damaged or of a kind that cannot be read.`,
    );

  const check = async (): Promise<void> => {
    // Where this process was itself stopped (a sleeping machine), the other was too: that time is nobody's silence.
    const now = performance.now();
    if (now - lastCheck > CHECK_MS * 10) lastSign = Math.min(now, lastSign + now - lastCheck);
    lastCheck = now;
    const watched = child;
    if (watched?.pid === undefined || running === null) return;
    if (now - lastSign > silenceMs + (ready ? 0 : START_MS)) {
      endProcess(
        (waiting) =>
          new StudioError(
            'damaged',
            `Reading ${nameOf(waiting)} took too long and was stopped. The file may be damaged.`,
          ),
      );
      return;
    }
    const bytes = await residentBytes(watched.pid);
    peak = Math.max(peak, bytes);
    if (bytes > maxBytes && child === watched && running !== null) {
      endProcess(
        (waiting) =>
          new StudioError(
            'out-of-memory',
            `Reading ${nameOf(waiting)} took more than ${Math.round(maxBytes / 1048576)} MiB and was stopped.`,
          ),
      );
    }
  };

  const start = (): ChildProcess => {
    ready = false;
    const started = fork(processFile(), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: ['--max-old-space-size=512'],
      env: { ...process.env, ...GIVE_BACK },
    });
    started.on('message', (reply: DecodeReply) => receive(started, reply));
    started.on('error', () => (child === started ? endProcess(crashed) : undefined));
    started.on('exit', () => (child === started ? endProcess(crashed) : undefined));
    lastCheck = performance.now();
    watch = setInterval(() => void check(), CHECK_MS);
    watch.unref();
    started.unref();
    started.channel?.unref();
    return started;
  };

  const receive = (from: ChildProcess, reply: DecodeReply): void => {
    if (from === child && reply.type === 'ready') {
      ready = true;
      lastSign = performance.now();
      return;
    }
    if (from !== child || reply.type === 'ready' || running === null || reply.id !== running.request.id)
      return;
    lastSign = performance.now();
    const waiting = running;
    if (reply.type === 'beat') {
      waiting.options.onProgress?.(reply.share);
      return;
    }
    running = null;
    if (reply.type === 'put-off') {
      if (!waiting.settled) later.unshift(waiting);
      pump();
      return;
    }
    peak = Math.max(peak, reply.rssBytes);
    settle(waiting, () => {
      if (reply.type === 'done') waiting.resolve(reply.result);
      else waiting.reject(fromErrorInfo(reply.error));
    });
    // A process that has grown large while idle gives its memory back by going.
    if (reply.rssBytes > maxBytes * 0.8) endProcess(crashed);
    else pump();
  };

  const pump = (): void => {
    if (running !== null || disposed) return;
    const next = queue.shift() ?? later.shift();
    if (next === undefined) {
      child?.unref();
      child?.channel?.unref();
      idle ??= setTimeout(() => {
        idle = null;
        if (running === null) endProcess(crashed);
      }, idleMs).unref();
      return;
    }
    if (idle !== null) clearTimeout(idle);
    idle = null;
    running = next;
    lastSign = performance.now();
    child ??= start();
    child.ref();
    child.channel?.ref();
    child.send(next.request, (error) => {
      if (error !== null && running === next) endProcess(crashed);
    });
  };

  /** Frees the process from a call that can wait. */
  const interrupt = (): void => {
    if (running === null || running.options.canWait !== true) return;
    const message: PutOff = { putOff: running.request.id };
    child?.send(message, () => undefined);
  };

  return {
    call: (name, args, callOptions = {}) =>
      new Promise((resolvePromise, reject) => {
        if (disposed) {
          reject(new StudioError('cancelled', 'Media is closed.'));
          return;
        }
        const { signal } = callOptions;
        const cancelled = (): StudioError => new StudioError('cancelled', 'The request was cancelled.');
        if (signal?.aborted === true) {
          reject(cancelled());
          return;
        }
        const own = callOptions.canWait === true ? later : queue;
        const onAbort = (): void => {
          const at = own.indexOf(waiting);
          if (at >= 0) own.splice(at, 1);
          settle(waiting, () => reject(cancelled()));
          if (running !== waiting) return;
          if (killOnCancel) endProcess(cancelled);
          else interrupt();
        };
        const done = (act: () => void): void => {
          signal?.removeEventListener('abort', onAbort);
          act();
        };
        const waiting: Waiting = {
          request: { id: nextId, name, args },
          options: callOptions,
          resolve: (value) => done(() => resolvePromise(value as never)),
          reject: (error) => done(() => reject(error)),
          settled: false,
        };
        nextId += 1;
        signal?.addEventListener('abort', onAbort, { once: true });
        own.push(waiting);
        if (own === queue) interrupt();
        pump();
      }),
    pending: () => queue.length + later.length + (running === null ? 0 : 1),
    pid: () => child?.pid,
    peakBytes: () => peak,
    dispose: () => {
      disposed = true;
      if (idle !== null) clearTimeout(idle);
      const cancelled = (): StudioError => new StudioError('cancelled', 'Media is closed.');
      for (const waiting of [...queue.splice(0), ...later.splice(0)])
        settle(waiting, () => waiting.reject(cancelled()));
      endProcess(cancelled);
    },
  };
}
