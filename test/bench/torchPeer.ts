/**
 * PyTorch beside a benchmark: a Python process that repeats one piece of work whenever it is asked, so that both can take turns and a machine
 * that slows down slows both.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { spreadOf, type Spread } from './spread.ts';

/** What PyTorch took. */
export interface PeerFigures {
  readonly time: Spread;
  /** Processor time of all threads in the cheapest run: what other programs disturb least. */
  readonly processorMs: number;
  readonly peakBytes: number;
  /** Growth of the peak since the work was made ready. */
  readonly addedBytes: number;
  readonly torch: string;
}

/** A peer that is ready to work. */
export interface Peer {
  /** One run. */
  run(): Promise<void>;
  /** Ends it. */
  finish(): Promise<PeerFigures>;
}

interface Line {
  readonly ms: number;
  readonly processorMs: number;
  readonly peakBytes: number;
  readonly addedBytes: number;
  readonly torch: string;
}

/**
 * Starts a script of this folder and waits for its first, untimed run.
 * @returns null, with a word in the log, where no Python with torch is found
 */
export async function startPeer(
  script: string,
  parameters: readonly string[],
  log: (text: string) => void,
): Promise<Peer | null> {
  const python = process.env['LOFI_PYTHON'] ?? 'python3';
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(python, [file, ...parameters], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Line | null> => {
    const { value, done } = await lines.next();
    return done === true ? null : (JSON.parse(value) as Line);
  };
  let last = await next();
  if (last === null) {
    log(
      `No PyTorch beside it: ${python} with torch and torchvision was not found. ` +
        'Get it with "pip install torch torchvision", or name another Python with LOFI_PYTHON.',
    );
    return null;
  }
  const times: number[] = [];
  let processorMs = Number.POSITIVE_INFINITY;
  return {
    run: async () => {
      child.stdin.write('run\n');
      last = await next();
      if (last === null) throw new Error(`${script} ended before its time.`);
      times.push(last.ms);
      processorMs = Math.min(processorMs, last.processorMs);
    },
    finish: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await closed;
      const { peakBytes, addedBytes, torch } = last!;
      return { time: spreadOf(times), processorMs, peakBytes, addedBytes, torch };
    },
  };
}
