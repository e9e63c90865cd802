/**
 * The history: whatever is edited, undone, redone and restored, the document is what replaying the history gives.
 */
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planEdit } from '#core/annotation/edits';
import { StudioError } from '#core/contract/errors';
import type { Edit } from '#core/contract/edit';
import { createRandom } from '#core/util/random';
import { applyEdit } from '#service/store/annotate';
import { readEdits, replayEdits } from '#service/store/backups';
import { createProject, openProject, type Store } from '#service/store/store';
import { addModel, contentOf, newVideo, quickFolder } from './projectFixture.ts';
import { randomEdit, type EditWorld } from './randomEdits.ts';

let root = '';
beforeEach(() => {
  root = quickFolder('history');
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

const JUMP = {
  id: 'L',
  name: 'jump',
  colour: '#ff0000',
  key: null,
  parentId: null,
  description: '',
  ignore: false,
};
const segment = (id: string, startPts: number, endPts: number) => ({
  id,
  videoId: 'v1',
  labelId: 'L',
  startPts,
  endPts,
  note: '',
  attributes: {},
});

/** A project with three videos, a label and predictions. */
function makeProject(name: string, now?: () => number): Store {
  const dir = path.join(root, name);
  const store = createProject(dir, name, now === undefined ? {} : { now });
  store.videos.add([newVideo(1), newVideo(2, { startPts: 5000 }), newVideo(3)]);
  applyEdit(store, { type: 'add-labels', labels: [JUMP] }, { annotator: 'me' });
  const model = addModel(store, dir);
  for (const id of ['v1', 'v2', 'v3']) {
    store.predictions.replace(
      id,
      model.id,
      [1, 2, 3].map((n) => ({ labelId: 'L', startPts: 10_000 * n, endPts: 10_000 * n + 5000, score: n / 4 })),
    );
  }
  return store;
}

const worldOf = (store: Store): EditWorld => ({
  reader: store.document,
  videoIds: ['v1', 'v2', 'v3'],
  predictionIds: Array.from({ length: 9 }, (_, index) => `p${index + 1}`),
  segmentIds: [],
});

/** What a person's edit may be answered with. */
function attempt(body: () => unknown): boolean {
  try {
    body();
    return true;
  } catch (error) {
    if (error instanceof StudioError && ['not-found', 'bad-input', 'conflict'].includes(error.code))
      return false;
    throw error;
  }
}

const PATIENCE_MS = 300_000;

describe('random edits, undone and redone in any order', () => {
  it('give the document that replaying the journal gives, in a restart too', { timeout: PATIENCE_MS }, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
        const random = createRandom(seed);
        let store = makeProject(`p${seed}`);
        const world = worldOf(store);
        const revisionAtStart = store.history.revision();
        for (let serial = 0; serial < 150; serial += 1) {
          const who = random.next() < 0.8 ? 'me' : 'you';
          const kind = random.next();
          if (kind < 0.6)
            attempt(() =>
              applyEdit(store, randomEdit({ ...world, reader: store.document }, random, serial), {
                annotator: who,
              }),
            );
          else if (kind < 0.82) attempt(() => store.history.undo(who));
          else attempt(() => store.history.redo(who));
        }
        const content = contentOf(store);
        const { dir } = store.layout;
        store.close();
        store = openProject(dir);
        expect(contentOf(store)).toEqual(content);
        // The lines beside the database, done again on a fresh project, give the same document.
        const again = makeProject(`again${seed}`);
        const lines = readEdits(store.layout);
        const outcome = replayEdits(again.history, lines);
        expect(outcome).toEqual({ done: store.history.revision() - revisionAtStart, lost: 0 });
        const timeless = (value: unknown): unknown =>
          JSON.parse(
            JSON.stringify(value, (key, item: unknown) =>
              key === 'modelId' || (key === 'id' && String(item).includes('-p')) ? null : item,
            ),
          );
        expect(timeless(contentOf(again))).toEqual(timeless(content));
        again.close();
        // Everything can be taken back.
        while (attempt(() => store.history.undo('you')) || attempt(() => store.history.undo('me'))) continue;
        expect(store.history.list(null, 0, 10_000).items.filter((entry) => entry.active)).toEqual([]);
        expect(store.document.segmentCount()).toBe(0);
        expect(store.document.labels()).toEqual([]);
        const reviews = Array.from({ length: 9 }, (_, index) => store.predictions.record(`p${index + 1}`));
        expect(reviews.map((record) => record?.review)).toEqual(Array(9).fill('predicted'));
        // Those of labels that are gone wait for nobody.
        expect(store.predictions.counts(null)).toEqual({
          predicted: 0,
          accepted: 0,
          rejected: 0,
          adjusted: 0,
        });
        store.close();
      }),
      { numRuns: 4, seed: 20_261_124 },
    );
  });

  it('can be taken back and done again a thousand steps deep', { timeout: PATIENCE_MS }, () => {
    const store = makeProject('deep');
    const random = createRandom(5);
    const world = worldOf(store);
    const contents = [JSON.stringify(contentOf(store))];
    for (let serial = 0; contents.length <= 1000; serial += 1) {
      let changed = false;
      attempt(() => {
        changed = applyEdit(store, randomEdit(world, random, serial), { annotator: 'me' }).entry !== null;
      });
      if (changed) contents.push(contents.length % 100 === 0 ? JSON.stringify(contentOf(store)) : '');
    }
    for (let step = 1000; step > 0; step -= 1) {
      store.history.undo('me');
      if (contents[step - 1] !== '') expect(JSON.stringify(contentOf(store))).toBe(contents[step - 1]);
    }
    for (let step = 1; step <= 1000; step += 1) {
      store.history.redo('me');
      if (contents[step] !== '') expect(JSON.stringify(contentOf(store))).toBe(contents[step]);
    }
    expect(attempt(() => store.history.redo('me'))).toBe(false);
    store.close();
  });
});

describe('a step', () => {
  it('has a name that a person reads', () => {
    const store = makeProject('names');
    const texts = (edit: Edit): string => planEdit(store.document, edit, { annotator: 'me', at: '' }).text;
    applyEdit(store, { type: 'add-segments', segments: [segment('s', 12_800, 25_600)] }, { annotator: 'me' });
    expect(texts({ type: 'change-segments', changes: [{ id: 's', startPts: 12_800 - 3 * 512 }] })).toBe(
      'Move start of jump by −3 frames',
    );
    expect(texts({ type: 'change-segments', changes: [{ id: 's', endPts: 25_600 + 512 }] })).toBe(
      'Move end of jump by +1 frame',
    );
    expect(texts({ type: 'change-segments', changes: [{ id: 's', startPts: 13_312, endPts: 26_112 }] })).toBe(
      'Move jump by +1 frame',
    );
    expect(texts({ type: 'split-segment', id: 's', atPts: 20_000, newId: 't' })).toBe('Split jump');
    expect(texts({ type: 'delete-label', id: 'L' })).toBe('Delete label jump and its 1 segment');
    store.close();
  });

  it('that is sent twice is applied once', () => {
    const store = makeProject('twice');
    const edit: Edit = { type: 'add-segments', segments: [segment('s', 0, 1000)] };
    expect(applyEdit(store, edit, { annotator: 'me' }).entry).not.toBeNull();
    expect(applyEdit(store, edit, { annotator: 'me' }).entry).toBeNull();
    const split: Edit = { type: 'split-segment', id: 's', atPts: 500, newId: 't' };
    applyEdit(store, split, { annotator: 'me' });
    expect(applyEdit(store, split, { annotator: 'me' }).entry).toBeNull();
    const remove: Edit = { type: 'delete-segments', ids: ['s'] };
    applyEdit(store, remove, { annotator: 'me' });
    expect(applyEdit(store, remove, { annotator: 'me' }).entry).toBeNull();
    expect(store.document.segmentCount()).toBe(1);
    store.close();
  });

  it('of mine is not undone over a change of yours', () => {
    const store = makeProject('ours');
    applyEdit(store, { type: 'add-segments', segments: [segment('s', 0, 1000)] }, { annotator: 'me' });
    applyEdit(store, { type: 'change-segments', changes: [{ id: 's', endPts: 2000 }] }, { annotator: 'you' });
    expect(() => store.history.undo('me')).toThrow(/has changed since/);
    store.history.undo('you');
    store.history.undo('me');
    expect(store.document.segmentCount()).toBe(0);
    store.close();
  });

  it.each<[string, Edit]>([
    ['not-found', { type: 'add-segments', segments: [{ ...segment('s', 0, 1), videoId: 'nowhere' }] }],
    ['not-found', { type: 'add-segments', segments: [{ ...segment('s', 0, 1), labelId: 'nothing' }] }],
    ['bad-input', { type: 'add-segments', segments: [segment('s', 0, 60 * 12_800 + 1)] }],
    ['bad-input', { type: 'add-segments', segments: [segment('s', 10, 5)] }],
    ['not-found', { type: 'change-segments', changes: [{ id: 'gone', startPts: 1 }] }],
    ['conflict', { type: 'add-labels', labels: [{ ...JUMP, id: 'other', name: 'JUMP' }] }],
    ['bad-input', { type: 'change-label', label: { id: 'L', parentId: 'L' } }],
  ])('that cannot be is refused with %s and changes nothing', (code, edit) => {
    const store = makeProject('refused');
    const before = contentOf(store);
    expect(() => applyEdit(store, edit, { annotator: 'me' })).toThrow(expect.objectContaining({ code }));
    expect(contentOf(store)).toEqual(before);
    store.close();
  });
});

describe('restore', () => {
  it('builds the document of a past moment as a step that can be undone', () => {
    let time = Date.parse('2026-05-04T14:00:00Z');
    const store = makeProject('restore', () => time);
    applyEdit(store, { type: 'add-segments', segments: [segment('s', 0, 1000)] }, { annotator: 'me' });
    time += 5 * 60_000;
    applyEdit(store, { type: 'change-segments', changes: [{ id: 's', endPts: 2000 }] }, { annotator: 'me' });
    const then = contentOf(store);
    time += 60_000;
    applyEdit(store, { type: 'delete-label', id: 'L' }, { annotator: 'me' });
    store.history.undo('me');
    applyEdit(store, { type: 'delete-segments', ids: ['s'] }, { annotator: 'me' });
    const now = contentOf(store);
    store.history.commit({
      patch: store.history.patchTo('2026-05-04T14:05:30Z'),
      text: 'Restore',
      annotator: 'me',
    });
    expect(contentOf(store)).toEqual(then);
    store.history.undo('me');
    expect(contentOf(store)).toEqual(now);
    expect(() => store.history.patchTo('yesterday')).toThrow(/is not a time/);
    store.close();
  });

  it('knows the order even when the clock is set back', () => {
    let time = Date.parse('2026-05-04T14:00:00Z');
    const store = makeProject('clock', () => time);
    applyEdit(store, { type: 'add-segments', segments: [segment('a', 0, 1000)] }, { annotator: 'me' });
    time -= 3 * 3_600_000;
    applyEdit(store, { type: 'add-segments', segments: [segment('b', 0, 1000)] }, { annotator: 'me' });
    const at = store.history.list(null, 0, 10).items.map((entry) => entry.at);
    expect([...at].sort().reverse()).toEqual(at);
    store.history.undo('me');
    expect(store.document.segment('b')).toBeUndefined();
    expect(store.document.segment('a')).toBeDefined();
    store.close();
  });
});

describe('search', () => {
  it('finds labels and notes, parts of words and short words', () => {
    const store = makeProject('search');
    const notes = ['hesitates before the leap', '跳得很高', 'ok', ''];
    applyEdit(
      store,
      {
        type: 'add-segments',
        segments: notes.map((note, index) => ({ ...segment(`s${index}`, index * 10, index * 10 + 5), note })),
      },
      { annotator: 'me' },
    );
    applyEdit(
      store,
      { type: 'add-labels', labels: [{ ...JUMP, id: 'M', name: 'sit' }] },
      { annotator: 'me' },
    );
    const found = (text: string): string[] => store.document.search(text, 0, 10).items.map((item) => item.id);
    applyEdit(
      store,
      { type: 'change-segments', changes: ['s0', 's1', 's2', 's3'].map((id) => ({ id, labelId: 'M' })) },
      { annotator: 'me' },
    );
    expect(found('esitat')).toEqual(['s0']);
    expect(found('跳得很')).toEqual(['s1']);
    expect(found('很高')).toEqual(['s1']);
    expect(found('OK')).toEqual(['s2']);
    expect(found('si')).toEqual(['s0', 's1', 's2', 's3']);
    expect(store.document.search('sit', 1, 2)).toMatchObject({
      total: 4,
      items: [{ id: 's1' }, { id: 's2' }],
    });
    expect(found('"')).toEqual([]);
    applyEdit(store, { type: 'change-segments', changes: [{ id: 's0', note: 'calm' }] }, { annotator: 'me' });
    expect(found('esitat')).toEqual([]);
    store.close();
  });
});
