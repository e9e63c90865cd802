import { describe, expect, it } from 'vitest';
import { formatByName, FORMATS } from '#core/formats/registry';
import type { FormatDocument, FormatFile, Policy, ReadResult } from '#core/formats/format';
import { encodeText } from '#core/formats/shared/text';
import { parseFrameRate } from '#core/formats/shared/time';
import { fiftyoneFrame } from './fiftyone.ts';

interface Options {
  readonly policy?: Policy;
  readonly fps?: string;
  readonly durationSec?: number;
}

const edge = ({ fps, durationSec }: Options) => ({
  ...(fps === undefined ? {} : { fps: parseFrameRate(fps) }),
  ...(durationSec === undefined ? {} : { durationSec }),
});
const read = (name: string, text: string, options: Options = {}): ReadResult =>
  formatByName(name).read([{ path: `in.${name}`, bytes: encodeText(text) }], {
    policy: options.policy ?? 'repair',
    ...edge(options),
  });
const write = (name: string, document: FormatDocument, options: Options = {}): string[] =>
  formatByName(name)
    .write(document, edge(options))
    .files.map((file) => new TextDecoder().decode(file.bytes));
const rows = (document: FormatDocument) =>
  document.videos.flatMap((video) =>
    video.segments.map((each) => [video.name, each.label, each.startSec, each.endSec]),
  );

describe('every format', () => {
  const example: FormatDocument = {
    format: 'activitynet',
    kind: 'annotations',
    videos: [
      {
        name: 'P01_01',
        durationSec: 60.5,
        subset: 'validation',
        segments: [
          { label: 'open door', startSec: 1.25, endSec: 3.5 },
          { label: 'open door', startSec: 2, endSec: 9.75 },
          { label: 'jump', startSec: 10, endSec: 12 },
        ],
      },
      {
        name: 'P01_02',
        durationSec: 20,
        subset: 'validation',
        segments: [{ label: 'jump', startSec: 0, endSec: 20 }],
      },
    ],
  };

  it.each(FORMATS.map((format) => format.name))(
    '%s reads what it writes, and writes the same again',
    (name) => {
      const format = formatByName(name);
      const first = format.write(example, {});
      const { document, warnings } = format.read(first.files, { policy: 'stop' });
      expect(warnings).toEqual([]);
      const spaces = name === 'charades' || name === 'thumos14';
      const sorted = (list: unknown[][]): unknown[][] =>
        [...list].sort((a, b) => (a.join() < b.join() ? -1 : 1));
      const expected = rows(example).map(([video, label, ...times]) => [
        video,
        name === 'charades' && spaces ? String(label).replace(' ', '_') : label,
        ...times,
      ]);
      expect(sorted(rows(document))).toEqual(sorted(expected));
      expect(format.write(document, {}).files).toEqual(first.files);
    },
  );

  it.each(FORMATS.map((format) => format.name))(
    '%s says by name that something else is something else',
    (name) => {
      for (const text of ['', 'hello', '{"a": 1}', '[]', 'x,y\n1,2\n']) {
        expect(() => read(name, text), JSON.stringify(text)).toThrow(new RegExp(`in.${name}`));
      }
    },
  );

  it('is asked for by its name', () => {
    expect(() => formatByName('movie')).toThrow(/no format “movie”.*activitynet, csv/);
  });
});

describe('THUMOS14', () => {
  const file = (path: string, text: string): FormatFile => ({ path, bytes: encodeText(text) });

  it('is read from a folder: double spaces, subsets, ambiguous regions, CRLF', () => {
    const { document, warnings } = formatByName('thumos14').read(
      [
        file(
          'BaseballPitch_val.txt',
          'video_validation_0000266  72.8 76.4\r\nvideo_validation_0000266 100.0 102.5\r\n',
        ),
        file('annotation/Ambiguous_test.txt', 'video_test_0000006 9.4 24.0\n'),
        file('readme.txt', 'about'),
      ],
      { policy: 'stop' },
    );
    expect(warnings).toEqual([]);
    expect(document.labels).toEqual(['BaseballPitch']);
    expect(rows(document)).toEqual([
      ['video_validation_0000266', 'BaseballPitch', 72.8, 76.4],
      ['video_validation_0000266', 'BaseballPitch', 100, 102.5],
      ['video_test_0000006', 'Ambiguous', 9.4, 24],
    ]);
    expect(document.videos[1]).toMatchObject({ subset: 'testing', segments: [{ ignored: true }] });
    const back = formatByName('thumos14').write(document, {});
    expect(back.files.map((each) => each.path)).toEqual(['BaseballPitch_val.txt', 'Ambiguous_test.txt']);
    expect(new TextDecoder().decode(back.files[0]!.bytes)).toContain(
      'video_validation_0000266 100.0 102.5\n',
    );
  });

  it('names the file and line of what is wrong', () => {
    const files = [file('Diving_test.txt', 'v 1 2\nv 3\nv 9 4\n')];
    expect(() => formatByName('thumos14').read(files, { policy: 'stop' })).toThrow(
      /Diving_test\.txt, line 2/,
    );
    expect(
      formatByName('thumos14')
        .read(files, { policy: 'repair' })
        .warnings.map((each) => [each.kind, each.where]),
    ).toEqual([
      ['bad-segment', 'Diving_test.txt, line 2'],
      ['end-before-start', 'Diving_test.txt, line 3'],
    ]);
  });
});

describe('HACS', () => {
  const text =
    '{"database": {"abc": {"annotations": [{"label": "Surfing", "segment": [1.5, 30.25]}], "subset": "training", "duration": "92.166667", "url": "https://example.org"}}}';

  it('has lengths as texts and gets them back', () => {
    const { document, warnings } = read('hacs', text);
    expect(warnings).toEqual([]);
    expect(document.videos[0]).toMatchObject({ durationSec: 92.166667 });
    expect(JSON.parse(write('hacs', document)[0]!)).toEqual(JSON.parse(text));
  });
});

describe('FineAction', () => {
  it('keeps the members that only it has', () => {
    const text =
      '{"database": {"v_1": {"subset": "validation", "duration": 20.5, "filename": "v_1.mp4", "annotations": [{"label": "spike", "segment": [1.0, 2.5], "label_id": 7}]}}}';
    const { document } = read('fineaction', text);
    expect(JSON.parse(write('fineaction', document)[0]!)).toEqual(JSON.parse(text));
  });
});

describe('MMAction2', () => {
  const text =
    '{"v_abc": {"duration_second": 66.90, "duration_frame": 2006, "annotations": [{"segment": [25.0, 66.9], "label": "Waxing skis"}], "feature_frame": 2000, "fps": 30, "rfps": 29.98}}';

  it('has v_ before names and comes back whole', () => {
    const { document, warnings } = read('mmaction2', text);
    expect(warnings).toEqual([]);
    expect(document.videos[0]).toMatchObject({ name: 'abc', durationSec: 66.9, frameCount: 2006 });
    expect(JSON.parse(write('mmaction2', document)[0]!)).toEqual(JSON.parse(text));
  });

  it('gets frames from length and rate, and says when it cannot', () => {
    const { document } = read('csv', 'video,label,start,end\nabc,x,1,2\n');
    const made = JSON.parse(write('mmaction2', document, { fps: '30', durationSec: 10.5 })[0]!) as unknown;
    expect(made).toMatchObject({ v_abc: { duration_second: 10.5, duration_frame: 315, feature_frame: 304 } });
    expect(formatByName('mmaction2').write(document, {}).warnings).toMatchObject([
      { kind: 'no-duration', where: 'v_abc' },
    ]);
  });
});

describe('EPIC-KITCHENS', () => {
  const text = [
    'narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame,narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes',
    `P01_01_0,P01,P01_01,00:00:01.089,00:00:00.14,00:00:03.37,8,202,open door,open,3,door,3,['door'],[3]`,
    `P01_01_1,P01,P01_01,00:00:02.629,00:01:04.37,00:01:06.17,3862,3970,"put down pan, lid",put-down,1,pan,5,"['pan', 'lid']","[5, 20]"`,
    '',
  ].join('\n');

  it('is read with clock times and comes back to the letter', () => {
    const { document, warnings } = read('epic-kitchens', text);
    expect(warnings).toEqual([]);
    expect(rows(document)).toEqual([
      ['P01_01', 'open door', 0.14, 3.37],
      ['P01_01', 'put-down pan', 64.37, 66.17],
    ]);
    expect(write('epic-kitchens', document)[0]).toBe(text);
  });

  it('gets frames from the rate', () => {
    const { document } = read('csv', 'video,label,start,end\nP02_03,cut red onion,1,2\n');
    const [, row] = write('epic-kitchens', document, { fps: '50' })[0]!.split('\n');
    expect(row).toBe(
      `P02_03_0,P02,P02_03,00:00:01.00,00:00:01.00,00:00:02.00,51,100,cut red onion,cut,0,red onion,0,['red onion'],[0]`,
    );
  });
});

describe('Charades', () => {
  it('is read with overlapping actions and empty lists, and comes back to the letter', () => {
    const text = [
      'id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length',
      '46GP8,HR43,Kitchen,6,7,Yes,"A person cooks, and walks.",food;stove,A person cooks.;Again,c092 11.90 21.20;c147 0.00 12.60,24.83',
      'YSKX3,HR43,Kitchen,6,7,Yes,Nothing.,,,,30.10',
      '',
    ].join('\n');
    const { document, warnings } = read('charades', text);
    expect(warnings).toEqual([]);
    expect(rows(document)).toEqual([
      ['46GP8', 'c092', 11.9, 21.2],
      ['46GP8', 'c147', 0, 12.6],
    ]);
    expect(write('charades', document)[0]).toBe(text);
  });
});

describe('FiftyOne', () => {
  it('counts frames by its own rule: [1 s, 2 s] of a video of 120 frames at 29.97 is [31, 60]', () => {
    const { document } = read('csv', 'video,label,start,end\nabc,surf,1,2\n');
    const made = JSON.parse(
      write('fiftyone', document, { fps: '30000/1001', durationSec: 4.004 })[0]!,
    ) as unknown;
    expect(made).toEqual({ classes: ['surf'], labels: { abc: [{ label: 0, support: [31, 60] }] } });
    expect([0, 2, 4].map((sec) => fiftyoneFrame(sec, 4, 120))).toEqual([1, 61, 120]);
  });

  it('keeps frames there and back at any rate', () => {
    const text =
      '{"classes": ["a", "b"], "labels": {"x": [{"label": 1, "support": [1, 40], "confidence": 0.90}, {"label": 0, "support": [77, 240]}], "y": null}}';
    for (const options of [{ fps: '24000/1001' }, { fps: '60', durationSec: 4 }]) {
      const { document, warnings } = read('fiftyone', text, options);
      expect(warnings).toEqual([]);
      expect(JSON.parse(write('fiftyone', document, options)[0]!)).toEqual(JSON.parse(text));
    }
  });

  it('may have seconds, and texts for labels; frames without a rate are asked about', () => {
    const { document } = read(
      'fiftyone',
      '{"classes": null, "labels": {"x": [{"label": "surf", "timestamps": [1.50, 2]}]}}',
    );
    expect(rows(document)).toEqual([['x', 'surf', 1.5, 2]]);
    expect(() =>
      read('fiftyone', '{"classes": ["a"], "labels": {"x": [{"label": 0, "support": [1, 2]}]}}'),
    ).toThrow(/--fps/);
  });
});
