/**
 * Annotation files in and out of a project: dry run, policy, one undoable step, digits kept.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatByName } from '#core/formats/registry';
import { exportDocument, importFiles } from '#service/handlers/exchange';
import { readFormatFiles, writeFormatFiles } from '#service/handlers/formatFiles';
import { applyEdit } from '#service/store/annotate';
import { createProject, type Store } from '#service/store/store';
import { contentOf, newVideo } from './projectFixture.ts';

let root = '';
let store: Store;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-exchange-'));
  store = createProject(path.join(root, 'p'));
  store.videos.add([newVideo(1), newVideo(2)]);
});
afterEach(() => {
  store.close();
  fs.rmSync(root, { recursive: true, force: true });
});

const FILE = {
  version: 'x',
  database: {
    'v_video-1': {
      duration: 60,
      subset: 'validation',
      annotations: [
        { segment: [1.25, 2.3333333], label: 'jump' },
        { segment: [55, 61.5], label: 'sit' },
      ],
    },
    'video-2': { duration: 60, subset: 'training', annotations: [{ segment: [0, 0.1], label: 'Jump' }] },
    elsewhere: { duration: 5, subset: 'training', annotations: [] },
  },
};
function file(content: unknown): string {
  const name = path.join(root, 'labels.json');
  fs.writeFileSync(name, JSON.stringify(content));
  return name;
}
const read = (name: string, dryRun: boolean, policy: 'stop' | 'repair' | 'skip') =>
  importFiles(store, readFormatFiles(name), { format: 'activitynet', policy, dryRun, annotator: 'me', name });

describe('import', () => {
  it('tells in a dry run what it would do, and does nothing', () => {
    const before = contentOf(store);
    const { report, result } = read(file(FILE), true, 'repair');
    expect(result).toBeNull();
    expect(contentOf(store)).toEqual(before);
    expect(report).toMatchObject({
      dryRun: true,
      videosMatched: 2,
      videosMissing: ['elsewhere'],
      segmentsAdded: 3,
    });
    expect(report.labelsAdded.map((name) => name.toLowerCase()).sort()).toEqual(['jump', 'sit']);
    expect(report.warnings.length).toBeGreaterThan(0);
    const { report: done } = read(file(FILE), false, 'repair');
    expect({ ...done, dryRun: true }).toEqual(report);
  });

  it('is one step that is undone at once, and adds nothing twice', () => {
    const before = contentOf(store);
    read(file(FILE), false, 'repair');
    expect(store.document.segmentCount()).toBe(3);
    expect(store.videos.require('v1').subset).toBe('validation');
    expect(store.document.segmentsOfVideo('v1').map(({ endSec, source }) => ({ endSec, source }))).toEqual([
      { endSec: expect.closeTo(2.3333333, 4) as number, source: 'import' },
      { endSec: 60, source: 'import' },
    ]);
    expect(read(file(FILE), false, 'repair').report.segmentsAdded).toBe(0);
    // Both imports left their report; a dry run leaves none.
    read(file(FILE), true, 'repair');
    const reports = fs.readdirSync(store.layout.logs).filter((name) => name.startsWith('import-'));
    expect(reports).toHaveLength(2);
    const kept = reports.map(
      (name) => JSON.parse(fs.readFileSync(path.join(store.layout.logs, name), 'utf8')) as object,
    );
    expect(kept[0]).toMatchObject({ format: 'activitynet', policy: 'repair', segmentsAdded: 3 });
    store.history.undo('me');
    expect(contentOf(store)).toEqual(before);
  });

  it('follows the policy for what lies outside the video', () => {
    expect(() => read(file(FILE), false, 'stop')).toThrow(expect.objectContaining({ code: 'bad-input' }));
    expect(store.document.segmentCount()).toBe(0);
    read(file(FILE), false, 'skip');
    expect(store.document.segmentCount()).toBe(2);
  });

  it('refuses another kind of file', () => {
    const name = path.join(root, 'x.json');
    fs.writeFileSync(name, 'not JSON');
    expect(() => read(name, false, 'repair')).toThrow(expect.objectContaining({ code: 'bad-input' }));
    expect(() => read(path.join(root, 'none.json'), false, 'repair')).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
  });
});

describe('export', () => {
  it('gives back every digit that came in, until somebody moves the segment', () => {
    read(file(FILE), false, 'repair');
    const write = (): {
      database: Record<string, { annotations: { segment: [number, number]; label: string }[] }>;
    } => {
      const out = path.join(root, 'out.json');
      const format = formatByName('activitynet');
      writeFormatFiles(
        out,
        format.write(exportDocument(store, 'activitynet', 'labels', null), {}).files,
        format.shape,
      );
      return JSON.parse(fs.readFileSync(out, 'utf8')) as ReturnType<typeof write>;
    };
    expect(write().database['video-1']?.annotations[0]?.segment).toEqual([1.25, 2.3333333]);
    expect(write().database['video-2']?.annotations[0]?.segment).toEqual([0, 0.1]);
    const moved = store.document.segmentsOfVideo('v1')[0]!;
    applyEdit(
      store,
      { type: 'change-segments', changes: [{ id: moved.id, endPts: moved.endPts + 1 }] },
      { annotator: 'me' },
    );
    const [start, end] = write().database['video-1']?.annotations[0]?.segment ?? [0, 0];
    expect(start).toBe(1.25);
    expect(end).toBe((moved.endPts + 1) / 12_800);
  });

  it('and import again give the same document', () => {
    read(file(FILE), false, 'repair');
    const out = path.join(root, 'all.csv');
    const format = formatByName('csv');
    writeFormatFiles(out, format.write(exportDocument(store, 'csv', 'labels', null), {}).files, format.shape);
    const other = createProject(path.join(root, 'q'));
    other.videos.add([newVideo(1), newVideo(2)]);
    importFiles(other, readFormatFiles(out), {
      format: 'csv',
      policy: 'stop',
      dryRun: false,
      annotator: 'me',
      name: out,
    });
    const edges = (project: Store): unknown =>
      ['v1', 'v2'].map((id) =>
        project.document.segmentsOfVideo(id).map(({ startPts, endPts }) => [startPts, endPts]),
      );
    expect(edges(other)).toEqual(edges(store));
    other.close();
  });
});
