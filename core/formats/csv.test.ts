import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activitynet } from './activitynet.ts';
import { csv } from './csv.ts';
import type { FormatDocument } from './format.ts';
import { encodeText } from './shared/text.ts';

const read = (text: string) =>
  csv.read([{ path: 'table.csv', bytes: encodeText(text) }], { policy: 'repair' });
const write = (document: FormatDocument): string =>
  new TextDecoder().decode(csv.write(document, {}).files[0]!.bytes);

describe('CSV tables', () => {
  it('are read with other column names, semicolons, comma decimals and clock times', () => {
    const { document, warnings } = read(
      '\ufeffStart (s);End time;File name;Behaviour\r\n1,50;00:01:02.5;clips/é.mp4;"jump; high"\r\n',
    );
    expect(warnings).toEqual([]);
    expect(document.videos[0]!.name).toBe('é');
    expect(document.videos[0]!.segments[0]).toMatchObject({
      label: 'jump; high',
      startSec: 1.5,
      endSec: 62.5,
    });
  });

  it('keep videos without segments, subsets and lengths', () => {
    const text = 'video,label,start,end,subset,video_duration\na,,,,training,60.0\nb,x,0.10,2,validation,5\n';
    expect(write(read(text).document)).toBe(text);
  });

  it('keep scores and notes where there are any', () => {
    const text = 'video,label,start,end,score,note\na,x,1,2,0.50,"so, so"\na,y,3,3,0.25,\n';
    expect(write(read(text).document)).toBe(text);
    expect(read(text).document.kind).toBe('detections');
  });

  it('name the column that is missing', () => {
    expect(() => read('video,label,begin\na,x,1\n')).toThrow(
      /table\.csv: the first line names no column for end/,
    );
  });

  it('take ActivityNet there and back without losing a digit', () => {
    const segment = fc.record({
      segment: fc
        .tuple(fc.double({ min: 0, max: 1e4, noNaN: true }), fc.double({ min: 0, max: 1e4, noNaN: true }))
        .map(([a, b]) => [Math.min(a, b), Math.max(a, b)]),
      label: fc
        .string({ minLength: 1, unit: 'grapheme' })
        .filter((text) => text.trim() === text && text !== ''),
    });
    const video = fc.record({
      subset: fc.constantFrom('training', 'validation'),
      annotations: fc.uniqueArray(segment, { selector: (each) => JSON.stringify(each) }),
    });
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[A-Za-z0-9_-]{1,11}$/), video, { noNullPrototype: true }),
        (database) => {
          const text = JSON.stringify({ database });
          const first = activitynet.read([{ path: 'a.json', bytes: encodeText(text) }], {
            policy: 'stop',
          }).document;
          const back = read(write(first)).document;
          const again: unknown = JSON.parse(
            new TextDecoder().decode(activitynet.write(back, {}).files[0]!.bytes),
          );
          expect((again as { database: unknown }).database).toEqual(database);
        },
      ),
    );
  });
});
