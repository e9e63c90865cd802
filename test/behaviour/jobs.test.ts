/**
 * The queue: every way in which a job can go, and what the person is told.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromErrorInfo } from '#core/contract/errors';
import type { EventMap } from '#core/contract/events';
import type { JobInfo, JobState } from '#core/contract/info';
import type { InvokeInput, InvokeName, InvokeResults } from '#core/contract/invoke';
import type { TrainJob } from '#core/train/job';
import { callHandler } from '#core/contract/wrap';
import { applyEdits } from '#service/store/annotate';
import { createProject, openProject } from '#service/store/store';
import { createService, type Service } from '#service/index';
import { newVideo } from './projectFixture.ts';

const WORKER = fileURLToPath(new URL('./scriptedWorker.ts', import.meta.url));
const TERMINAL: readonly JobState[] = ['done', 'failed', 'cancelled', 'interrupted'];

let root = '';
let service: Service;
let changes: JobInfo[] = [];
let progress: { at: number; payload: EventMap['job.progress'] }[] = [];

async function call<K extends InvokeName>(name: K, args: InvokeInput<K>): Promise<InvokeResults[K]> {
  const envelope = await callHandler(service.handlers, name, args);
  if (!envelope.ok) throw fromErrorInfo(envelope.error);
  return envelope.result as InvokeResults[K];
}

async function start(): Promise<void> {
  service = await createService({
    dataDir: path.join(root, 'data'),
    shell: 'browser',
    mediaBase: '/media',
    workerFile: WORKER,
    cancelDeadlineMs: 300,
  });
  service.subscribe((name, payload) => {
    if (name === 'job.changed') changes.push((payload as EventMap['job.changed']).job);
    if (name === 'job.progress')
      progress.push({ at: performance.now(), payload: payload as EventMap['job.progress'] });
  });
}

beforeEach(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-jobs-'));
  changes = [];
  progress = [];
  const dir = path.join(root, 'p');
  const store = createProject(dir);
  const files = [1, 2].map((number) => {
    const file = path.join(dir, `video-${number}.mp4`);
    fs.writeFileSync(file, 'not decoded here');
    return newVideo(number, { path: file });
  });
  store.videos.add(files);
  applyEdits(
    store,
    [
      {
        type: 'add-labels',
        labels: [
          {
            id: 'L',
            name: 'jump',
            colour: '#ff0000',
            key: null,
            parentId: null,
            description: '',
            ignore: false,
          },
        ],
      },
      {
        type: 'add-segments',
        segments: [
          { id: 's1', videoId: 'v1', labelId: 'L', startPts: 0, endPts: 12_800, note: '', attributes: {} },
        ],
      },
    ],
    { annotator: 'me' },
    'Label',
  );
  store.close();
  await start();
  await call('project.open', { dir });
});
afterEach(async () => {
  await service.close();
  fs.rmSync(root, { recursive: true, force: true });
});

const train = (script: string): Promise<JobInfo> => call('train.start', { expert: { encoder: script } });
async function job(id: string): Promise<JobInfo> {
  const found = (await call('jobs.list', {})).find((each) => each.id === id);
  if (found === undefined) throw new Error(`no job ${id}`);
  return found;
}
async function until(id: string, states: readonly JobState[]): Promise<JobInfo> {
  for (;;) {
    const info = await job(id);
    if (states.includes(info.state)) return info;
    await sleep(10);
  }
}
const endings = (id: string): JobState[] =>
  changes.filter((each) => each.id === id && TERMINAL.includes(each.state)).map((each) => each.state);
const digest = async (id: string): Promise<string> => {
  const info = await job(id);
  return fs.readFileSync(path.join(root, 'p', 'models', info.id, 'lofi', 'weights.safetensors'), 'utf8');
};

describe('a training', () => {
  it('tells each point of a curve once', async () => {
    const { id } = await train('script:12:30');
    await until(id, TERMINAL);
    const told = progress.filter((each) => each.payload.id === id).flatMap((each) => each.payload.metrics);
    const steps = told.map((metric) => metric.step);
    expect(steps.length).toBeGreaterThan(4);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
  });

  it('ends once, with two models of which the better is in use, and its curve', async () => {
    const { id } = await train('script:5:5');
    const done = await until(id, TERMINAL);
    expect(done).toMatchObject({ state: 'done', engine: 'script', error: null });
    expect(done.metrics.map((metric) => metric.step)).toEqual([1, 2, 3, 4, 5]);
    await sleep(100);
    expect(endings(id)).toEqual(['done']);
    const models = await call('models.list', {});
    expect(models.map(({ variant, current, jobId }) => ({ variant, current, jobId }))).toEqual([
      { variant: 'lofi', current: true, jobId: id },
      { variant: 'frozen', current: false, jobId: id },
    ]);
    expect(models[0]?.snapshot).toMatchObject({ videos: 1, segments: 1 });
  });

  it('reports at most ten times a second', async () => {
    const { id } = await train('script:40:20');
    await until(id, TERMINAL);
    const gaps = progress.slice(1).map((event, index) => event.at - progress[index]!.at);
    expect(progress.length).toBeGreaterThan(2);
    // Timers may fire a millisecond early.
    expect(Math.min(...gaps)).toBeGreaterThan(95);
  });

  it('gives the same result when it is paused, interrupted and resumed', async () => {
    const straight = await train('script:12:5');
    await until(straight.id, ['done']);
    const { id } = await train('script:12:30');
    await until(id, ['running']);
    await sleep(60);
    await call('jobs.pause', { id });
    expect((await job(id)).state).toBe('paused');
    await call('jobs.resume', { id });
    await until(id, ['running']);
    await service.close();
    expect(endings(id)).toEqual(['interrupted']);
    await start();
    await call('project.open', { dir: path.join(root, 'p') });
    expect(await job(id)).toMatchObject({ state: 'interrupted', resumable: true });
    expect((await call('models.list', {})).filter((model) => model.jobId === id)).toEqual([]);
    await call('jobs.resume', { id });
    await until(id, ['done']);
    expect(await digest(id)).toBe(await digest(straight.id));
  });

  it('is cancelled by asking, or by force when it does not listen', async () => {
    const polite = await train('script:1000:5');
    await until(polite.id, ['running']);
    await call('jobs.cancel', { id: polite.id });
    await until(polite.id, ['cancelled']);
    const stubborn = await train('script:1000:5:stubborn');
    await until(stubborn.id, ['running']);
    await sleep(100);
    await call('jobs.cancel', { id: stubborn.id });
    await until(stubborn.id, ['cancelled']);
    await sleep(50);
    expect([endings(polite.id), endings(stubborn.id)]).toEqual([['cancelled'], ['cancelled']]);
    expect(await call('models.list', {})).toEqual([]);
  });

  it('waits in the queue and can be cancelled there', async () => {
    const first = await train('script:1000:5');
    const second = await train('script:3:5');
    await until(first.id, ['running']);
    expect((await job(second.id)).state).toBe('queued');
    await call('jobs.cancel', { id: second.id });
    expect((await job(second.id)).state).toBe('cancelled');
    await call('jobs.cancel', { id: first.id });
    await until(first.id, ['cancelled']);
  });

  it.each([
    ['killed', 'out-of-memory', 'memory'],
    ['crash', 'internal', 'another engine'],
    ['exit', 'internal', 'something odd'],
    ['memory', 'out-of-memory', 'memory'],
    ['half', 'damaged', 'model.json'],
  ])('that ends by "%s" is failed with the code %s and words', async (way, code, words) => {
    const { id } = await train(`script:4:5:${way}`);
    const failed = await until(id, TERMINAL);
    expect(failed).toMatchObject({ state: 'failed', error: { code } });
    expect(failed.error?.message).toContain(words);
    expect(failed.remedy !== null).toBe(code === 'out-of-memory');
    expect(await call('models.list', {})).toEqual([]);
    await sleep(50);
    expect(endings(id)).toEqual(['failed']);
  });

  it('is tried again smaller with one press', async () => {
    const { id } = await train('script:4:5:memory');
    const failed = await until(id, ['failed']);
    const again = await call('jobs.retry', { id, useRemedy: true });
    expect(again.id).not.toBe(id);
    expect(failed.remedy?.config.lofi.chunkSnippets).toBeLessThan(100);
    await until(again.id, ['failed']);
    expect((await job(again.id)).remedy?.config.lofi.chunkSnippets).toBeLessThan(
      failed.remedy?.config.lofi.chunkSnippets ?? 0,
    );
  });

  it('says before it starts what is missing', async () => {
    const ready = await call('train.preflight', {});
    expect(ready).toMatchObject({ blockers: [], segmentCount: 1, videos: { training: 1, validation: 0 } });
    expect(ready.warnings.join(' ')).toContain('validation');
    await call('document.edit', { edit: { type: 'delete-segments', ids: ['s1'] } });
    const empty = await call('train.preflight', {});
    expect(empty.blockers[0]).toContain('segment');
    await expect(train('script:1:1')).rejects.toMatchObject({ code: 'conflict' });
    await expect(call('train.preflight', { expert: { 'lofi.nonsense': 1 } })).rejects.toMatchObject({
      code: 'wrong-usage',
    });
  });
});

describe('the time that a training takes', () => {
  it('is measured when a training is looked at, kept, told to the worker, and learned from', async () => {
    const calibrated = new Promise<void>((resolve) => {
      service.subscribe((name) => {
        if (name === 'train.calibrated') resolve();
      });
    });
    const first = await call('train.preflight', {});
    expect(first.estimate).toMatchObject({ seconds: null, measuring: true });
    await calibrated;
    const known = await call('train.preflight', {});
    expect(known.estimate.measuring).toBe(false);
    expect(known.estimate.seconds).toBeGreaterThan(0);
    const slower = await call('train.preflight', { aim: 'accuracy' });
    expect(slower.estimate.seconds).toBeGreaterThan(known.estimate.seconds ?? Infinity);
    await until((await train('script:2:1')).id, ['done']);
    await service.close();
    await start();
    await call('project.open', { dir: path.join(root, 'p') });
    expect((await call('train.preflight', {})).estimate.seconds).toBe(known.estimate.seconds);
    const kept = JSON.parse(fs.readFileSync(path.join(root, 'data', 'rates.json'), 'utf8')) as object;
    expect(Object.keys(kept).length).toBeGreaterThanOrEqual(1);
  });
});

describe('a prediction', () => {
  it('passes a long training, which goes on afterwards', async () => {
    await until((await train('script:2:1')).id, ['done']);
    const long = await train('script:60:10');
    await until(long.id, ['running']);
    const quick = await call('predict.start', {});
    await until(quick.id, ['done']);
    expect(['paused', 'running']).toContain((await job(long.id)).state);
    await until(long.id, ['done']);
    const states = changes.filter((each) => each.id === long.id).map((each) => each.state);
    expect(states).toEqual(['queued', 'running', 'paused', 'running', 'done']);
  });

  it('fills the review queue; reviewed predictions are not proposed again', async () => {
    await until((await train('script:2:1')).id, ['done']);
    await until((await call('predict.start', {})).id, ['done']);
    const queue = await call('review.queue', {});
    expect(queue.total).toBe(4);
    expect(queue.items.map((item) => item.score)).toEqual([0.45, 0.45, 0.9, 0.9]);
    const first = queue.items[0]!;
    await call('document.edit', {
      edit: {
        type: 'review',
        decisions: [
          { predictionId: first.id, decision: 'adjust', segmentId: 'n1', startPts: first.startPts + 512 },
        ],
      },
    });
    const { segments } = await call('document.get', { videoId: first.videoId });
    expect(segments.find((segment) => segment.id === 'n1')).toMatchObject({
      source: 'model',
      state: 'adjusted',
      formerStartPts: first.startPts,
      startPts: first.startPts + 512,
      score: 0.45,
    });
    expect(await call('review.counts', {})).toEqual({ predicted: 3, accepted: 0, rejected: 0, adjusted: 1 });
    await until((await call('predict.start', {})).id, ['done']);
    expect((await call('review.queue', {})).total).toBe(3);
    await call('history.undo', {});
    expect(await call('review.counts', {})).toEqual({ predicted: 4, accepted: 0, rejected: 0, adjusted: 0 });
  });

  it('makes what is rejected in a video without segments a part of the next training, and the rest of that video not', async () => {
    expect((await call('train.preflight', {})).videos.training).toBe(1);
    await until((await train('script:2:1')).id, ['done']);
    await until((await call('predict.start', {})).id, ['done']);
    const rejected = (await call('review.queue', {})).items.find(({ videoId }) => videoId === 'v2')!;
    await call('document.edit', {
      edit: { type: 'review', decisions: [{ predictionId: rejected.id, decision: 'reject' }] },
    });
    expect((await call('train.preflight', {})).videos.training).toBe(2);
    const { id } = await train('script:2:1');
    await until(id, ['done']);
    const { videos } = JSON.parse(
      fs.readFileSync(path.join(root, 'p', 'models', id, 'job.json'), 'utf8'),
    ) as TrainJob;
    expect(videos.find((video) => video.id === 'v2')).toMatchObject({
      segments: [],
      covered: [],
      rejected: [{ startSec: rejected.startSec, endSec: rejected.endSec, label: 'jump' }],
    });
    // To measure on, it would say nothing.
    await call('document.edit', { edit: { type: 'set-subset', videoIds: ['v2'], subset: 'validation' } });
    expect((await call('train.preflight', {})).videos).toMatchObject({ training: 1, validation: 0 });
  });

  it('finds its labels under their new names, and keeps the model that it needs', async () => {
    await until((await train('script:2:1')).id, ['done']);
    await call('document.edit', { edit: { type: 'change-label', label: { id: 'L', name: 'leap' } } });
    const [model] = await call('models.list', {});
    const long = await train('script:100:10');
    await until(long.id, ['running']);
    await call('jobs.setPriority', { id: long.id, priority: 100 });
    const waiting = await call('predict.start', {});
    await expect(call('models.delete', { id: model!.id })).rejects.toMatchObject({ code: 'conflict' });
    await call('jobs.cancel', { id: long.id });
    await until(waiting.id, ['done']);
    const queue = await call('review.queue', {});
    expect(queue.total).toBe(4);
    expect(new Set(queue.items.map((item) => item.labelId))).toEqual(new Set(['L']));
    await call('models.delete', { id: model!.id });
    expect((await call('models.list', {})).map((each) => each.id)).not.toContain(model!.id);
  });

  it('is refused while there is no model', async () => {
    await expect(call('predict.start', {})).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('the self-test of an engine', () => {
  it('may take its process with it: the engine is named, and not offered', async () => {
    vi.stubEnv('LOFI_DATA', path.join(root, 'engines'));
    try {
      const tested = await call('engines.test', { name: 'onnx' });
      const found = {
        available: false,
        selfTest: 'failed',
        reason: expect.stringMatching(/SIGSEGV/) as string,
      };
      expect(tested).toMatchObject(found);
      const engines = await call('engines.list', {});
      expect(engines.find(({ name }) => name === 'onnx')).toMatchObject({ ...found, chosen: false });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('a read-only project', () => {
  it('shows its jobs but starts none', async () => {
    const other = openProject(path.join(root, 'p'));
    expect(other.readOnlyReason).not.toBeNull();
    other.close();
    await service.close();
    const writer = openProject(path.join(root, 'p'));
    await start();
    await call('project.open', { dir: path.join(root, 'p') });
    await expect(train('script:1:1')).rejects.toMatchObject({ code: 'read-only' });
    writer.close();
  });
});
