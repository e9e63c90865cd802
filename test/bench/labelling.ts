/**
 * An hour of labelling, scripted: what the page and the service hold on to. A person who labels for an hour makes about 300 segments, steps some
 * 20 frames for each, moves an edge, takes a step back now and then, and changes the video every few minutes. The script does all of it
 * through the keyboard, without a person's pauses, or at a person's pace with `--minutes 60`.
 *
 * The document grows meanwhile, and what the page holds grows with it. `--steady` takes that away: whatever was made in a video is deleted
 * before the next one is opened, so the document is as large at the end as at the start, and what still grows is kept by mistake, or is code:
 * V8 compiles what has run often enough, for as long as anything runs more often than before. `--interpreted` forbids it, `--snapshots DIR` keeps
 * heap snapshots of the first and the last measurement and says what of the heap is code. A snapshot costs the page memory, which the processes'
 * figures then hold.
 */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { memoryByKind } from '../e2e/fixtures/processes.ts';
import { largeVideo } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';
import { addLabels, call, withService } from './chromium.ts';
import { withPlainPage, type PlainPage } from './plainPage.ts';

const STEPS = 10;
const PER_VIDEO = 25;

interface Held {
  readonly segments: number;
  /** JavaScript heap after a collection. */
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
  /** Memory of the processes by what they are: all but mapped files, which are the program's own and shared with whatever else runs of it. */
  readonly processBytes: Readonly<Record<string, number>>;
}

/** What a process of the benchmark is. */
function kindOf(command: string, pid: number): string {
  if (pid === process.pid) return 'shell';
  if (command.includes('--type=renderer')) return 'page';
  if (command.includes('decodeProcess')) return 'decoding';
  return /electron\/service/.test(command) ? 'service' : 'browser';
}

async function heldBy(page: PlainPage, segments: number): Promise<Held> {
  await page.send('HeapProfiler.collectGarbage');
  const { metrics } = await page.send<{ metrics: { name: string; value: number }[] }>(
    'Performance.getMetrics',
  );
  const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return {
    segments,
    heapBytes: value('JSHeapUsedSize'),
    nodes: value('Nodes'),
    listeners: value('JSEventListeners'),
    processBytes: await memoryByKind(process.pid, kindOf, ['Pss_Anon', 'Pss_Shmem']),
  };
}

interface HeapSnapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: string[]; readonly node_types: [string[]] } };
  readonly nodes: number[];
}

/** What a heap snapshot holds: what V8 has compiled, what belongs to the browser's own objects (nodes, styles), and the program's values. */
async function contentsOf(file: string): Promise<Record<'code' | 'browser' | 'values', number>> {
  const { snapshot, nodes } = JSON.parse(await readFile(file, 'utf8')) as HeapSnapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const typeAt = fields.indexOf('type');
  const sizeAt = fields.indexOf('self_size');
  const bytes = { code: 0, browser: 0, values: 0 };
  for (let at = 0; at < nodes.length; at += fields.length) {
    const type = types[0][nodes[at + typeAt]!];
    bytes[type === 'code' ? 'code' : type === 'native' ? 'browser' : 'values'] += nodes[at + sizeAt]!;
  }
  return bytes;
}

async function labelOne(page: PlainPage, n: number): Promise<void> {
  const label = String((n % 9) + 1);
  await page.press('ArrowRight', STEPS);
  await page.press(label);
  await page.press('ArrowRight', STEPS);
  await page.press(label);
  if (n % 3 === 0) await page.press('Shift+Tab');
  if (n % 3 === 0) await page.press(']');
  if (n % 5 === 0) await page.press('Control+z');
  if (n % 7 === 0) {
    await page.press(' ');
    await wait(300);
    await page.press(' ');
  }
  if (n % 11 === 0) await page.press('+', 3);
  if (n % 11 === 5) await page.press('\\');
  await page.press('Escape', 3);
}

export const bench: Benchmark = {
  name: 'labelling',
  summary:
    'what page and service hold on to over an hour of labelling, scripted (--labelled, --minutes, --steady, --interpreted, --snapshots)',
  run: ({ options, log }) =>
    withService(log, async (studio, folder) => {
      const total = Number(options['labelled'] ?? 300);
      const minutes = Number(options['minutes'] ?? 0);
      const steady = options['steady'] === 'true';
      const interpreted = options['interpreted'] === 'true';
      const snapshots = options['snapshots'] ?? null;
      if (snapshots !== null) await mkdir(snapshots, { recursive: true });
      const paths = [
        await largeVideo({ width: 640, height: 360, seconds: 600, fps: 30, gop: 60 }, log),
        await largeVideo({ width: 320, height: 180, seconds: 3600, fps: 30, gop: 250 }, log),
      ];
      const { added } = await call(studio, 'videos.add', { paths });
      await addLabels(studio, 9);
      const startedAt = performance.now();
      const held: Held[] = [];
      const contents: Awaited<ReturnType<typeof contentsOf>>[] = [];
      const flags = interpreted ? ['--js-flags=--no-opt --no-maglev --no-sparkplug'] : [];
      await withPlainPage(folder, `${studio.url}#/annotate/${added[0]!.id}`, flags, async (page) => {
        await page.send('Performance.enable');
        await page.until(`document.querySelector('[data-testid=stage]:not([data-frame="-1"])')`);
        for (let n = 0; n < total; n += 1) {
          await wait(Math.max(0, startedAt + (n / total) * minutes * 60_000 - performance.now()));
          await labelOne(page, n);
          if (n % PER_VIDEO === PER_VIDEO - 1) {
            if (steady) {
              await page.press('Control+a');
              await page.press('Delete');
            }
            await page.press(n % (2 * PER_VIDEO) === PER_VIDEO - 1 ? 'PageDown' : 'PageUp');
            await wait(400);
          }
          // Measured with the same video open, at the end of each round of both.
          if (n % (2 * PER_VIDEO) === 2 * PER_VIDEO - 1) {
            await wait(1000);
            const now = await heldBy(page, n + 1);
            held.push(now);
            const { page: pageBytes = 0, service = 0 } = now.processBytes;
            const inMB = [now.heapBytes, pageBytes, service].map((bytes) => (bytes / 1e6).toFixed(2));
            log(`${n + 1} segments: heap, page, service ${inMB.join(', ')} MB`);
            const isLast = n + 2 * PER_VIDEO >= total;
            if (snapshots !== null && (held.length === 1 || isLast)) {
              const file = path.join(snapshots, `${n + 1}.heapsnapshot`);
              await page.snapshot(file);
              contents.push(await contentsOf(file));
            }
          }
        }
      });
      let alive = 0;
      for (const { id } of added)
        alive += (await call(studio, 'document.get', { videoId: id })).segments.length;
      const [first] = held;
      const last = held.at(-1);
      const growth = (of: (one: Held) => number): number | null =>
        first === undefined || last === undefined ? null : of(last) / of(first) - 1;
      return {
        labelled: total,
        alive,
        steady,
        interpreted,
        seconds: (performance.now() - startedAt) / 1000,
        held,
        snapshotBytes: contents,
        growth: {
          heap: growth((one) => one.heapBytes),
          page: growth((one) => one.processBytes['page'] ?? 0),
          service: growth((one) => one.processBytes['service'] ?? 0),
          allProcesses: growth((one) =>
            Object.values(one.processBytes).reduce((sum, bytes) => sum + bytes, 0),
          ),
        },
      };
    }),
};
