/**
 * The review queue against a plain reading of all predictions: every order, any label, any score, any page, with labels and videos that
 * are gone.
 */
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PredictionInfo } from '#core/contract/info';
import { createRandom } from '#core/util/random';
import { applyEdit, applyEdits } from '#service/store/annotate';
import { createProject, type Store } from '#service/store/store';
import { addModel, newVideo, quickFolder } from './projectFixture.ts';

const LABELS = ['jump', 'sit', 'rare', 'gone'];
let dir = '';
let store: Store;
let modelId = '';

beforeAll(() => {
  dir = quickFolder('queue');
  store = createProject(path.join(dir, 'p'));
  store.videos.add([1, 2, 3, 4].map((number) => newVideo(number)));
  const labels = LABELS.map((name) => ({
    id: name,
    name,
    colour: '#ff0000',
    key: null,
    parentId: null,
    description: '',
    ignore: false,
  }));
  applyEdits(store, [{ type: 'add-labels', labels }], { annotator: 'me' }, 'Labels');
  modelId = addModel(store, store.layout.dir).id;
  const random = createRandom(5);
  for (const videoId of ['v3', 'v1', 'v2', 'v4']) {
    store.predictions.replace(
      videoId,
      modelId,
      Array.from({ length: 120 }, (_, index) => {
        const startPts = random.integer(700_000);
        const label = index < 2 ? 'rare' : (['jump', 'sit', 'gone'][random.integer(3)] ?? 'jump');
        // Many equal scores.
        return { labelId: label, startPts, endPts: startPts + 100, score: random.integer(41) / 40 };
      }),
    );
  }
  const [first] = store.predictions.ofVideo('v1', null, 0.9);
  applyEdit(
    store,
    { type: 'review', decisions: [{ predictionId: first!.id, decision: 'reject' }] },
    { annotator: 'me' },
  );
  applyEdit(store, { type: 'delete-label', id: 'gone' }, { annotator: 'me' });
  const { startPts, endPts } = store.document.video('v2')!;
  applyEdit(
    store,
    { type: 'set-covered', videoId: 'v2', ranges: [{ startPts, endPts }] },
    { annotator: 'me' },
  );
  store.videos.remove(['v4']);
});
afterAll(() => {
  store.close();
  fs.rmSync(dir, { recursive: true, force: true });
});

const ORDERS = {
  uncertain: (a: PredictionInfo, b: PredictionInfo) => Math.abs(a.score - 0.5) - Math.abs(b.score - 0.5),
  score: (a: PredictionInfo, b: PredictionInfo) => b.score - a.score,
  // Videos in the order in which they were added.
  time: (a: PredictionInfo, b: PredictionInfo) =>
    a.videoId.localeCompare(b.videoId) || a.startPts - b.startPts,
} as const;

describe('the review queue', () => {
  it('is what reading everything gives, page after page', () => {
    const open = ['v1', 'v2', 'v3'].flatMap((id) =>
      store.predictions.ofVideo(id, modelId, 0).filter((each) => each.review === 'predicted'),
    );
    expect(open.length).toBeGreaterThan(200);
    fc.assert(
      fc.property(
        fc.constantFrom('uncertain', 'score', 'time'),
        fc.option(fc.constantFrom('jump', 'sit', 'rare')),
        fc.integer({ min: 0, max: 100 }).map((value) => value / 100),
        fc.integer({ min: 1, max: 150 }),
        fc.boolean(),
        (order: keyof typeof ORDERS, labelId, minScore, limit, newOnly) => {
          const wanted = open.filter(
            (each) =>
              each.score >= minScore &&
              (labelId === null || each.labelId === labelId) &&
              !(newOnly && each.videoId === 'v2'),
          );
          const got: PredictionInfo[] = [];
          for (let offset = 0; offset <= wanted.length; offset += limit) {
            const page = store.predictions.queue({ order, labelId, minScore, limit, offset, newOnly });
            expect(page.total).toBe(wanted.length);
            got.push(...page.items);
          }
          expect(got.map((each) => each.id).sort()).toEqual(wanted.map((each) => each.id).sort());
          const compare = ORDERS[order];
          for (const [index, item] of got.slice(1).entries())
            expect(compare(got[index]!, item)).toBeLessThanOrEqual(1e-12);
        },
      ),
      { numRuns: 60 },
    );
    expect(store.predictions.counts(null).predicted).toBe(open.length);
  });

  it('never gives a number twice: an old decision cannot meet a new prediction', () => {
    const before = store.predictions.ofVideo('v3', modelId, 0).filter((each) => each.labelId === 'rare');
    const decided = before[0]!;
    const decision = { predictionId: decided.id, decision: 'accept', segmentId: 'made' } as const;
    applyEdit(store, { type: 'review', decisions: [decision] }, { annotator: 'me' });
    store.history.undo('me');
    for (const videoId of ['v1', 'v2', 'v3', 'v4']) store.predictions.replace(videoId, modelId, []);
    store.predictions.replace('v3', modelId, [
      { labelId: 'jump', startPts: 5, endPts: 6, score: decided.score },
    ]);
    const [fresh] = store.predictions.queue({}).items;
    expect(fresh?.startPts).toBe(5);
    expect(Number(fresh!.id.slice(1))).toBeGreaterThan(480);
    expect(() => store.history.redo('me')).toThrow(expect.objectContaining({ code: 'conflict' }));
    expect(store.predictions.queue({}).total).toBe(1);
  });
});
