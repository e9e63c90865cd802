/**
 * An hour of labelling, scripted at speed: what the page holds on to. A person who labels for an hour makes about 300 segments, steps some
 * 20 frames for each, moves an edge, takes a step back now and then, and changes the video every few minutes. The script does all of it
 * through the keyboard, without a person's pauses.
 *
 * The document grows meanwhile, and what the page holds grows with it. `--steady` takes that away: whatever was made in a video is deleted
 * before the next one is opened, so the document is as large at the end as at the start, and what still grows is kept by mistake.
 * `--snapshots DIR` keeps heap snapshots of the first and the last measurement.
 */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type { CDPSession, Page } from 'playwright-core';
import { memoryBelow } from '../e2e/fixtures/processes.ts';
import { largeVideo } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';
import { addLabels, call, withStudio } from './chromium.ts';

const STEPS = 10;
const PER_VIDEO = 25;

interface Held {
  readonly segments: number;
  /** JavaScript heap after a collection. */
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
  /** Of all processes together: page, browser, service, and this one. */
  readonly processBytes: number;
}

async function heldBy(session: CDPSession, segments: number): Promise<Held> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return {
    segments,
    heapBytes: value('JSHeapUsedSize'),
    nodes: value('Nodes'),
    listeners: value('JSEventListeners'),
    processBytes: await memoryBelow(process.pid),
  };
}

/** Writes a heap snapshot, to be opened in the developer tools. */
async function snapshot(session: CDPSession, file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const stream = createWriteStream(file);
  const write = ({ chunk }: { readonly chunk: string }): void => void stream.write(chunk);
  session.on('HeapProfiler.addHeapSnapshotChunk', write);
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  session.off('HeapProfiler.addHeapSnapshotChunk', write);
  await new Promise<void>((resolve) => stream.end(resolve));
}

async function press(page: Page, key: string, times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) await page.keyboard.press(key);
}

async function labelOne(page: Page, n: number): Promise<void> {
  await press(page, 'ArrowRight', STEPS);
  await press(page, String((n % 9) + 1));
  await press(page, 'ArrowRight', STEPS);
  await press(page, String((n % 9) + 1));
  if (n % 3 === 0) await press(page, 'Shift+Tab');
  if (n % 3 === 0) await press(page, ']');
  if (n % 5 === 0) await press(page, 'Control+z');
  if (n % 7 === 0) {
    await press(page, 'Space');
    await page.waitForTimeout(300);
    await press(page, 'Space');
  }
  if (n % 11 === 0) await press(page, '+', 3);
  if (n % 11 === 5) await press(page, '\\');
  await press(page, 'Escape', 3);
}

export const bench: Benchmark = {
  name: 'labelling',
  summary:
    'what the page holds on to over an hour of labelling, scripted at speed (--labelled, --steady, --snapshots)',
  run: ({ options, log }) =>
    withStudio(log, async (studio, browser) => {
      const total = Number(options['labelled'] ?? 300);
      const steady = options['steady'] === 'true';
      const snapshots = options['snapshots'] ?? null;
      const paths = [
        await largeVideo({ width: 640, height: 360, seconds: 600, fps: 30, gop: 60 }, log),
        await largeVideo({ width: 320, height: 180, seconds: 3600, fps: 30, gop: 250 }, log),
      ];
      const { added } = await call(studio, 'videos.add', { paths });
      await addLabels(studio, 9);
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
      page.setDefaultTimeout(180_000);
      const session = await page.context().newCDPSession(page);
      await session.send('Performance.enable');
      await page.goto(`${studio.url}#/annotate/${added[0]!.id}`);
      await page.waitForSelector('[data-testid=stage]:not([data-frame="-1"])');
      const startedAt = performance.now();
      const held: Held[] = [];
      for (let n = 0; n < total; n += 1) {
        await labelOne(page, n);
        if (n % PER_VIDEO === PER_VIDEO - 1) {
          if (steady) {
            await press(page, 'Control+a');
            await press(page, 'Delete');
          }
          await press(page, n % (2 * PER_VIDEO) === PER_VIDEO - 1 ? 'PageDown' : 'PageUp');
          await page.waitForTimeout(400);
        }
        // Measured with the same video open, at the end of each round of both.
        if (n % (2 * PER_VIDEO) === 2 * PER_VIDEO - 1) {
          await page.waitForTimeout(1000);
          held.push(await heldBy(session, n + 1));
          log(`${n + 1} segments: ${(held.at(-1)!.heapBytes / 1e6).toFixed(2)} MB`);
          const isLast = n + 2 * PER_VIDEO >= total;
          if (snapshots !== null && (held.length === 1 || isLast)) {
            await snapshot(session, path.join(snapshots, `${n + 1}.heapsnapshot`));
          }
        }
      }
      const [first] = held;
      const last = held.at(-1);
      return {
        labelled: total,
        steady,
        seconds: (performance.now() - startedAt) / 1000,
        held,
        growth: first === undefined || last === undefined ? null : last.heapBytes / first.heapBytes - 1,
      };
    }),
};
