/** `localize` on features and heads made here. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gtadConfig } from '#core/model/detectors/config';
import { createGtad } from '#core/model/detectors/gtad';
import { ENCODERS } from '#core/model/encoder/catalogue';
import { readNpy, writeNpy } from '#core/model/weights/npy';
import { writeSafetensors } from '#core/model/weights/safetensors';
import { fromTensorMap } from '#core/model/weights/storedTensor';
import { packMaps } from '#core/train/packing';
import { writeCheckpoints, writeLocaliser } from './headlessFixture.ts';
import { runLocalize } from './localize.ts';

let folder = '';
const at = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'localize-'));
  await writeCheckpoints(folder);
  await writeLocaliser(folder);
});
afterAll(() => rm(folder, { recursive: true }));

describe('localize', () => {
  const features = (change: (values: Float32Array) => void = () => undefined): Uint8Array => {
    const values = Float32Array.from({ length: 24 * 32 }, (_, index) => Math.sin(index * 0.37));
    change(values);
    return writeNpy([24, 32], values);
  };
  const run = (name: string, raw?: string) =>
    runLocalize({
      features: at(name),
      detector: at('gtad.pth.tar'),
      duration: '48',
      out: at('segments.json'),
      engine: 'onnx',
      raw,
    });

  it('writes detections in seconds, and the raw maps', async () => {
    await writeFile(at('clip.npy'), features());
    const result = await run('clip.npy', at('raw'));
    expect(result.detections).toBeGreaterThan(0);
    const { results } = JSON.parse(await readFile(at('segments.json'), 'utf8')) as {
      results: { clip: { segment: [number, number]; score: number }[] };
    };
    for (const { segment, score } of results.clip) {
      expect(segment[0]).toBeGreaterThanOrEqual(0);
      expect(segment[1]).toBeLessThanOrEqual(48);
      expect(segment[0] % 2).toBeCloseTo(0, 9);
      expect(score).toBeGreaterThan(0);
    }
    expect(readNpy(new Uint8Array(await readFile(at('raw/confidence.npy'))), 'c').shape).toEqual([2, 24, 24]);
  });

  it('labels proposals by the scores of the whole video, best two classes each', async () => {
    await writeFile(at('scores.json'), '{"jump": 0.5, "run": 0.9, "sit": 0.1}');
    await writeFile(at('clip.npy'), features());
    const plain = await run('clip.npy');
    const proposals = JSON.parse(await readFile(at('segments.json'), 'utf8')) as {
      results: { clip: { score: number }[] };
    };
    const options = {
      features: at('clip.npy'),
      detector: at('gtad.pth.tar'),
      duration: '48',
      out: at('labelled.json'),
      engine: 'onnx',
    };
    const labelled = await runLocalize({ ...options, videoScores: at('scores.json') });
    expect(labelled.detections).toBe(2 * plain.detections);
    const { results } = JSON.parse(await readFile(at('labelled.json'), 'utf8')) as {
      results: { clip: { label: string; score: number }[] };
    };
    expect(new Set(results.clip.map((each) => each.label))).toEqual(new Set(['jump', 'run']));
    expect(results.clip[0]).toMatchObject({ label: 'run', score: proposals.results.clip[0]!.score * 0.9 });
    await writeFile(at('scores.json'), '{"jump": 5}');
    await expect(runLocalize({ ...options, videoScores: at('scores.json') })).rejects.toThrow(
      /scores\.json.*0 to 1/,
    );
  });

  it('labels proposals of a localiser with classes of its own by scores of whole videos as well', async () => {
    const config = gtadConfig({ inChannels: 32, numClasses: 2, hidden1d: 64, hidden3d: 32, hidden2d: 16 });
    const head = packMaps({ encoder: {}, head: createGtad(config).initialise(1) });
    await mkdir(at('gtad'));
    await writeFile(at('gtad/weights.safetensors'), writeSafetensors(fromTensorMap(head)));
    const card = {
      version: 1,
      kind: 'localiser',
      spec: ENCODERS.small,
      detector: config,
      labels: ['a', 'b'],
    };
    await writeFile(at('gtad/model.json'), JSON.stringify({ ...card, sampling: { snippets: 16 } }));
    const labelsOf = async (videoScores?: string): Promise<Set<string>> => {
      await runLocalize({
        features: at('v_clip.npy'),
        detector: at('gtad'),
        out: at('own.json'),
        engine: 'onnx',
        videoScores,
      });
      const { results } = JSON.parse(await readFile(at('own.json'), 'utf8')) as {
        results: Record<string, { label: string }[]>;
      };
      return new Set(Object.values(results)[0]!.map((each) => each.label));
    };
    await writeFile(at('v_clip.npy'), features());
    expect(await labelsOf()).toEqual(new Set(['a', 'b']));
    await writeFile(
      at('cuhk.json'),
      JSON.stringify({ class: ['jump', 'run', 'sit'], results: { clip: [0.5, 0.1, 0.9] } }),
    );
    expect(await labelsOf(at('cuhk.json'))).toEqual(new Set(['jump', 'sit']));
    await expect(
      runLocalize({
        features: at('wide.npy'),
        detector: at('localiser'),
        out: at('own.json'),
        engine: 'onnx',
        videoScores: at('cuhk.json'),
      }),
    ).rejects.toThrow(/judges its labels itself/);
  });

  it('refuses features with values that are not numbers, naming the place, and writes nothing', async () => {
    await writeFile(
      at('broken.npy'),
      features((values) => values.fill(Number.NaN, 70, 71)),
    );
    await writeFile(at('segments.json'), 'as it was');
    await expect(run('broken.npy')).rejects.toThrow(/broken\.npy: the value at \[2, 6\] is not a number/);
    expect(await readFile(at('segments.json'), 'utf8')).toBe('as it was');
  });

  it.each([
    ['an encoder', 'tsm.pth.tar', 'clip.npy', /tsm\.pth\.tar is no head/],
    ['a pickle that would run code', '../runs-code.pth', 'clip.npy', /would run code/],
    ['features of another encoder', 'gtad.pth.tar', 'wide.npy', /shape \[8, 128\]; the head takes \[T, 32\]/],
  ])('refuses %s and writes nothing', async (_, detector, file, message) => {
    await writeFile(at('clip.npy'), features());
    await writeFile(at('segments.json'), 'as it was');
    const source = detector.startsWith('../')
      ? path.resolve(import.meta.dirname, '../../../test/golden/weights', path.basename(detector))
      : at(detector);
    const options = { features: at(file), detector: source, out: at('segments.json'), engine: 'onnx' };
    await expect(runLocalize(options)).rejects.toThrow(message);
    expect(await readFile(at('segments.json'), 'utf8')).toBe('as it was');
  });
});
