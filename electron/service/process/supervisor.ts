/**
 * Keeps the service's process alive for a shell: starts it, numbers the calls, starts it again with growing pauses when it dies or hangs, opens the
 * project again, and sends again what was not answered and may be sent twice (`resend.ts`). Both shells use it; nothing here knows of Electron.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { EventMap, EventName } from '#core/contract/events';
import { StudioError, toErrorInfo } from '#core/contract/errors';
import type { Envelope } from '#core/contract/wrap';
import { serviceEnvironment } from './environment.ts';
import { newMediaSocket } from './mediaSocket.ts';
import type { FromService, ServiceOptions, ToService } from './messages.ts';
import { canResend } from './resend.ts';

/** How a service process is started. */
export interface SupervisorOptions {
  /** The Node binary. */
  readonly node: string;
  /** The process's entry file. */
  readonly entry: string;
  readonly dataDir: string;
  readonly shell: ServiceOptions['shell'];
  readonly mediaBase: string;
  /** News of the service and of its state. */
  readonly onEvent: (name: EventName, payload: unknown) => void;
  /** A line that the service wrote, or that says what happened to it. */
  readonly onLog: (line: string) => void;
  /** Pause before the first new start, in milliseconds; doubles with each death up to `LONGEST_PAUSE_MS`. */
  readonly firstPauseMs?: number;
  /** Lives in a row in which nothing was answered, after which the state is `failed`. */
  readonly tries?: number;
  readonly pingMs?: number;
}

/** A service under supervision. */
export interface ServiceProcess {
  /** Never rejects: what goes wrong is in the envelope. */
  readonly call: (name: unknown, args: unknown) => Promise<Envelope>;
  /** Where media is fetched now; changes with each start. */
  readonly mediaSocket: () => string;
  /** Process id; null between two starts. */
  readonly pid: () => number | null;
  readonly state: () => EventMap['service.state'];
  /** Resolves at the first `connected`; rejects when the service cannot be started. */
  readonly whenReady: () => Promise<void>;
  /** Lets the service finish and ends it. */
  readonly close: () => Promise<void>;
}

interface PendingCall {
  readonly id: number;
  readonly name: unknown;
  readonly args: unknown;
  sent: boolean;
  attempts: number;
  readonly answer: (envelope: Envelope) => void;
}

const LONGEST_PAUSE_MS = 2000;
/** A service that ran this long has recovered: the pauses start anew. */
const STEADY_MS = 5000;
const UNANSWERED_PINGS = 6;
/** A call that was under way at this many deaths may be their cause. */
const MOST_ATTEMPTS = 3;
const CLOSE_DEADLINE_MS = 8000;

const dirOf = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && 'dir' in value && typeof value.dir === 'string'
    ? value.dir
    : null;

const OPENS_PROJECT = new Set<unknown>([
  'project.create',
  'project.open',
  'project.openSample',
  'project.restoreBackup',
]);

/** Starts the service and keeps it running until `close`. */
export function superviseService(options: SupervisorOptions): ServiceProcess {
  const firstPauseMs = options.firstPauseMs ?? 100;
  const tries = options.tries ?? 6;
  const pending = new Map<number, PendingCall>();
  let child: ChildProcess | null = null;
  let ready = false;
  let closing = false;
  /** Deaths without a steady life between them: the pauses grow with them. */
  let deaths = 0;
  /** Lives in a row that were of no use: giving up depends on these alone, so that a service that works goes on being started however often it is killed. */
  let uselessLives = 0;
  let nextId = 1;
  let unansweredPings = 0;
  let projectDir: string | null = null;
  let mediaSocket = '';
  let lastReason: string | null = null;
  let state: EventMap['service.state'] = { state: 'reconnecting', message: null };
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  const setState = (next: EventMap['service.state']): void => {
    state = next;
    options.onEvent('service.state', next);
    if (next.state === 'connected') for (const one of waiting.splice(0)) one.resolve();
    if (next.state === 'failed') {
      const error = new StudioError('internal', next.message ?? 'The studio service cannot be started.');
      for (const one of waiting.splice(0)) one.reject(error);
      for (const call of pending.values()) call.answer({ ok: false, error: toErrorInfo(error) });
      pending.clear();
    }
  };

  const send = (message: ToService): void => {
    if (child?.connected === true) child.send(message, () => undefined);
  };

  const post = (call: PendingCall): void => {
    if (!ready) return;
    call.sent = true;
    call.attempts += 1;
    try {
      send({ type: 'call', id: call.id, name: call.name, args: call.args });
    } catch {
      // A circle or a BigInt: what JSON cannot say is no argument of any call.
      pending.delete(call.id);
      const words = `The arguments of ${String(call.name)} cannot be sent.`;
      call.answer({ ok: false, error: toErrorInfo(new StudioError('wrong-usage', words)) });
    }
  };

  const enqueue = (name: unknown, args: unknown, now: boolean): Promise<Envelope> =>
    new Promise((resolve) => {
      const id = nextId++;
      const call: PendingCall = { id, name, args, sent: false, attempts: 0, answer: resolve };
      pending.set(id, call);
      if (now) post(call);
    });

  const becomeReady = async (): Promise<void> => {
    const own = child;
    ready = true;
    lastReason = null;
    if (projectDir !== null) {
      const opened = await enqueue('project.open', { dir: projectDir }, true);
      if (child !== own) return;
      if (!opened.ok) options.onLog(`The project could not be opened again: ${opened.error.message}`);
    }
    setState({ state: 'connected', message: null });
    for (const call of pending.values()) if (!call.sent) post(call);
  };

  const onMessage = (message: FromService): void => {
    switch (message.type) {
      case 'ready':
        void becomeReady();
        break;
      case 'failed':
        lastReason = message.error.message;
        break;
      case 'reply': {
        const call = pending.get(message.id);
        if (call === undefined) break;
        pending.delete(message.id);
        if (message.envelope.ok) {
          if (OPENS_PROJECT.has(call.name)) projectDir = dirOf(message.envelope.result) ?? projectDir;
          else if (call.name === 'project.close') projectDir = null;
          if (state.state === 'connected') uselessLives = 0;
        }
        call.answer(message.envelope);
        break;
      }
      case 'pong':
        unansweredPings = 0;
        break;
      case 'event':
        options.onEvent(message.name, message.payload);
        break;
    }
  };

  const onGone = (reason: string, ranMs: number): void => {
    child = null;
    ready = false;
    if (closing) return;
    const steady = ranMs >= STEADY_MS;
    deaths = steady ? 1 : deaths + 1;
    uselessLives = steady ? 1 : uselessLives + 1;
    options.onLog(`The service ended (${reason}), death ${deaths} in a row.`);
    for (const call of [...pending.values()]) {
      if (!call.sent) continue;
      call.sent = false;
      if (canResend(call.name) && call.attempts < MOST_ATTEMPTS) continue;
      pending.delete(call.id);
      call.answer({
        ok: false,
        error: toErrorInfo(
          new StudioError(
            'conflict',
            'The studio service stopped before it could answer. Look whether this was done, then try again.',
            {
              call: String(call.name),
            },
          ),
        ),
      });
    }
    if (uselessLives > tries) {
      setState({
        state: 'failed',
        message: lastReason ?? `The studio service stops again and again (${reason}).`,
      });
      return;
    }
    setState({ state: 'reconnecting', message: lastReason });
    const pauseMs = Math.min(LONGEST_PAUSE_MS, firstPauseMs * 2 ** (deaths - 1));
    setTimeout(start, pauseMs);
  };

  function start(): void {
    if (closing) return;
    mediaSocket = newMediaSocket(options.dataDir);
    const serviceOptions: ServiceOptions = {
      dataDir: options.dataDir,
      shell: options.shell,
      mediaBase: options.mediaBase,
      mediaSocket,
    };
    const startedAt = performance.now();
    const own = spawn(options.node, [options.entry], {
      env: { ...serviceEnvironment(), LOFI_SERVICE_OPTIONS: JSON.stringify(serviceOptions) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      windowsHide: true,
    });
    child = own;
    unansweredPings = 0;
    let gone = false;
    const ended = (reason: string): void => {
      if (gone) return;
      gone = true;
      onGone(reason, performance.now() - startedAt);
    };
    for (const stream of [own.stdout, own.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', options.onLog);
    }
    own.on('message', (message) => {
      if (child === own) onMessage(message as FromService);
    });
    own.on('error', (error) => ended(error.message));
    own.on('exit', (code, signal) => ended(signal ?? `exit code ${code ?? 'unknown'}`));
  }

  const pinging = setInterval(() => {
    if (child === null || !ready) return;
    if (unansweredPings >= UNANSWERED_PINGS) {
      options.onLog('The service does not answer; it is ended and started again.');
      child.kill('SIGKILL');
      return;
    }
    unansweredPings += 1;
    send({ type: 'ping', id: unansweredPings });
  }, options.pingMs ?? 10_000);
  pinging.unref();

  start();

  return {
    call: (name, args) => {
      if (closing) {
        return Promise.resolve({
          ok: false,
          error: toErrorInfo(new StudioError('cancelled', 'The studio is closing.')),
        });
      }
      if (state.state === 'failed') {
        const message = state.message ?? 'The studio service cannot be started.';
        return Promise.resolve({ ok: false, error: toErrorInfo(new StudioError('internal', message)) });
      }
      return enqueue(name, args, state.state === 'connected');
    },
    mediaSocket: () => mediaSocket,
    pid: () => child?.pid ?? null,
    state: () => state,
    whenReady: () =>
      new Promise((resolve, reject) => {
        if (state.state === 'connected') resolve();
        else if (state.state === 'failed') reject(new StudioError('internal', state.message ?? ''));
        else waiting.push({ resolve, reject });
      }),
    close: async () => {
      closing = true;
      clearInterval(pinging);
      const own = child;
      if (own === null) return;
      await new Promise<void>((resolve) => {
        const deadline = setTimeout(() => own.kill('SIGKILL'), CLOSE_DEADLINE_MS);
        own.once('exit', () => {
          clearTimeout(deadline);
          resolve();
        });
        if (own.exitCode !== null || own.signalCode !== null) resolve();
        else send({ type: 'close' });
      });
    },
  };
}
