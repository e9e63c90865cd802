import { describe, expect, it } from 'vitest';
import { activitynet } from './activitynet.ts';
import type { Policy } from './format.ts';
import { encodeText } from './shared/text.ts';

const read = (text: string, policy: Policy = 'repair', more: { durationSec?: number } = {}) =>
  activitynet.read([{ path: 'gt.json', bytes: encodeText(text) }], { policy, ...more });
const roundTrip = (text: string): string => {
  const { document } = read(text);
  return new TextDecoder().decode(activitynet.write(document, {}).files[0]!.bytes);
};

const CLEAN = `{"version": "VERSION 1.3", "taxonomy": [{"nodeId": 1, "nodeName": "jump", "parentId": 0, "parentName": "Root"}],
 "database": {
  "10": {"duration": 60.50, "subset": "training", "resolution": "320x240", "url": "https://example.org/10",
         "annotations": [{"segment": [1.10, 2.123456789012345678], "label": "jump", "label_id": 3}, {"segment": [5, 5], "label": "clap"}]},
  "2": {"duration": 3, "subset": "validation", "annotations": []}}}`;

describe('ActivityNet ground truth', () => {
  it('is read with points, empty videos and the order of the file', () => {
    const { document, warnings } = read(CLEAN);
    expect(warnings).toEqual([]);
    expect(document.videos.map((video) => video.name)).toEqual(['10', '2']);
    expect(document.videos[0]).toMatchObject({ durationSec: 60.5, subset: 'training' });
    expect(document.videos[0]!.segments.map((each) => [each.label, each.startSec, each.endSec])).toEqual([
      ['jump', 1.1, 2.123456789012345678],
      ['clap', 5, 5],
    ]);
  });

  it('comes back exactly: numbers as they were written, members that the program does not know', () => {
    const text = roundTrip(CLEAN);
    expect(text).toContain('[1.10, 2.123456789012345678]');
    expect(text).toContain('"duration": 60.50');
    expect(JSON.parse(text)).toEqual(JSON.parse(CLEAN));
    expect(roundTrip(text)).toBe(text);
  });

  it('may have numbers as texts, no version, no taxonomy, a byte-order mark and CRLF', () => {
    const { document, warnings } = read(
      '\ufeff{"database":\r\n{"v": {"subset": "test", "annotations": [{"segment": ["18.6", "24,8"], "label": "Dive"}]}}}',
    );
    expect(warnings).toEqual([]);
    expect(document.videos[0]!.segments[0]).toMatchObject({ startSec: 18.6, endSec: 24.8 });
  });

  it('loses nothing of an id that stands twice', () => {
    const text = `{"database": {"a": {"annotations": [{"segment": [0, 1], "label": "x"}]}, "a": {"annotations": [{"segment": [2, 3], "label": "y"}]}}}`;
    const { document, warnings } = read(text);
    expect(document.videos).toHaveLength(1);
    expect(document.videos[0]!.segments.map((each) => each.label)).toEqual(['x', 'y']);
    expect(warnings.map((each) => each.kind)).toEqual(['duplicate-video']);
  });

  const wrong = `{"database": {"a": {"duration": 10, "annotations": [
    {"segment": [4, 2], "label": "swapped"},
    {"segment": [8, 12], "label": "long"},
    {"segment": [-1, 3], "label": "early"},
    {"segment": [11, 12], "label": "outside"},
    {"segment": ["x", 3], "label": "no number"},
    {"segment": [1], "label": "half"},
    {"segment": [1, 2]},
    {"segment": [5, 6], "label": "twice"}, {"segment": [5.0, 6], "label": "twice"}]}}}`;

  it('is repaired where it can be', () => {
    const { document, warnings } = read(wrong, 'repair');
    expect(document.videos[0]!.segments.map((each) => [each.label, each.startSec, each.endSec])).toEqual([
      ['swapped', 2, 4],
      ['long', 8, 10],
      ['early', 0, 3],
      ['twice', 5, 6],
    ]);
    expect(warnings.map((each) => each.kind)).toEqual([
      'end-before-start',
      'beyond-end',
      'before-start',
      'beyond-end',
      'not-a-number',
      'bad-segment',
      'no-label',
      'duplicate-segment',
    ]);
    expect(warnings[0]).toMatchObject({ where: 'line 2, database.a.annotations[0]' });
  });

  it('is skipped or stops where the policy says so', () => {
    expect(read(wrong, 'skip').document.videos[0]!.segments.map((each) => each.label)).toEqual(['twice']);
    expect(() => read(wrong, 'stop')).toThrow(
      /gt\.json, line 2, database\.a\.annotations\[0\]: the end \(2 s\) is before the start/,
    );
  });

  it('is recognised, and other JSON is refused by name', () => {
    expect(() => read('{"videos": []}')).toThrow(/gt\.json is not ActivityNet JSON/);
    expect(() => read('[]')).toThrow(/not ActivityNet/);
    expect(() => read('{"database": [')).toThrow(/not valid JSON.*line 1/);
  });
});

describe('ActivityNet detections', () => {
  const text = `{"version": "VERSION 1.3", "results": {"a": [{"label": "x", "segment": [0.50, 1], "score": 0.90}, {"label": "x", "segment": [0.50, 1], "score": 0.90}], "b": []}, "external_data": {"used": true}}`;

  it('come back exactly, repeated ones too', () => {
    const { document, warnings } = read(text);
    expect(warnings).toEqual([]);
    expect(document.kind).toBe('detections');
    expect(document.videos[0]!.segments).toHaveLength(2);
    expect(JSON.parse(roundTrip(text))).toEqual(JSON.parse(text));
    expect(roundTrip(text)).toContain('"score": 0.90');
  });

  it('may be proposals without labels, and never have scores that are not numbers', () => {
    expect(
      read('{"results": {"a": [{"segment": [0, 1], "score": 0.5}]}}').document.videos[0]!.segments[0],
    ).toMatchObject({ label: '', score: 0.5 });
    expect(read('{"results": {"a": [{"segment": [0, 1], "score": NaN}]}}').warnings).toMatchObject([
      { kind: 'not-a-number' },
    ]);
  });
});
