import { describe, expect, it } from 'vitest';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import type { EncoderName } from '#core/model/encoder/catalogue';
import { ENCODERS } from '#core/model/encoder/catalogue';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { encodersThatFit, fitEncoder, inferEncoder, loadEncoderWeights } from './encoderWeights.ts';
import { inspectCheckpoint } from './inspect.ts';
import type { StoredTensor, StoredTensors } from './storedTensor.ts';
import { elementCount, fromHostTensor } from './storedTensor.ts';

/** Tensors of an encoder filled with their own place in the list, under other names, with counters and a classifier as published files have. */
function published(spec: EncoderSpec, rename: (name: string) => string, classifier: string): StoredTensors {
  const tensors: StoredTensors = new Map();
  buildEncoderLayers(spec).parameters.forEach(({ name, shape }, index) => {
    tensors.set(
      rename(name),
      fromHostTensor({ shape, data: new Float32Array(elementCount(shape)).fill(index) }),
    );
    const counter: StoredTensor = { type: 'I64', shape: [], bytes: new Uint8Array(8) };
    if (name.endsWith('running_var'))
      tensors.set(rename(name).replace('running_var', 'num_batches_tracked'), counter);
  });
  tensors.set(
    `${classifier}.weight`,
    fromHostTensor({ shape: [3, spec.featureChannels], data: new Float32Array(3 * spec.featureChannels) }),
  );
  tensors.set(`${classifier}.bias`, fromHostTensor({ shape: [3], data: new Float32Array(3) }));
  return tensors;
}

const tsm = (name: string): string => `module.base_model.${name}`;
const torchvision = (name: string): string => name.replace('.net.', '.');
const mmaction2 = (name: string): string =>
  `backbone.${name
    .replace(/\bconv(\d)(\.net)?\.weight$/, 'conv$1.conv$2.weight')
    .replace(/\bbn(\d)\./, 'conv$1.bn.')
    .replace('downsample.0.', 'downsample.conv.')
    .replace('downsample.1.', 'downsample.bn.')}`;

describe.each([
  ['tsm', tsm, 'module.new_fc'],
  ['torchvision', torchvision, 'fc'],
  ['mmaction2', mmaction2, 'cls_head.fc_cls'],
] as const)('names of %s', (source, rename, classifier) => {
  it.each(['tsm-resnet18', 'tsm-resnet50', 'small'] as EncoderName[])(
    'fill %s wholly, each tensor in its place',
    (name) => {
      const tensors = published(ENCODERS[name], rename, classifier);
      const fit = fitEncoder(tensors, ENCODERS[name])!;
      expect(fit).toMatchObject({ source, missing: [], unexpected: [], misshaped: [] });
      expect(fit.ignored).toHaveLength(tensors.size - fit.used.size);
      const loaded = loadEncoderWeights(tensors, ENCODERS[name], 'x.pth');
      buildEncoderLayers(ENCODERS[name]).parameters.forEach((parameter, index) => {
        expect(loaded[parameter.name]!.shape).toEqual(parameter.shape);
        expect(loaded[parameter.name]!.data[0]).toBe(index);
      });
    },
  );
});

describe('the right encoder', () => {
  it('is told by names and shapes', () => {
    expect(encodersThatFit(published(ENCODERS['tsm-resnet50'], tsm, 'module.new_fc'))).toEqual([
      'tsm-resnet50',
      'resnet50',
    ]);
    expect(encodersThatFit(published(ENCODERS.resnet18, torchvision, 'fc'))).toEqual([
      'resnet18',
      'tsm-resnet18',
    ]);
    expect(encodersThatFit(published(ENCODERS['r2plus1d-18'], torchvision, 'fc'))).toEqual(['r2plus1d-18']);
  });

  it('is worked out for networks that are not in the catalogue', () => {
    const resnet101: EncoderSpec = { ...ENCODERS['tsm-resnet50'], blocks: [3, 4, 23, 3] };
    const tensors = published(resnet101, tsm, 'module.new_fc');
    expect(encodersThatFit(tensors)).toEqual([]);
    expect(inferEncoder(tensors)).toEqual(resnet101);
    expect(
      inferEncoder(
        new Map([['backbone1.0.weight', fromHostTensor({ shape: [1], data: Float32Array.of(1) })]]),
      ),
    ).toBeUndefined();
  });
});

describe('a checkpoint that does not fit', () => {
  const whole = (): StoredTensors => published(ENCODERS['tsm-resnet18'], tsm, 'module.new_fc');

  it('is refused with what is missing, unexpected and of another shape', () => {
    const tensors = whole();
    tensors.delete('module.base_model.bn1.weight');
    tensors.set('module.base_model.extra', fromHostTensor({ shape: [1], data: Float32Array.of(1) }));
    tensors.set(
      'module.base_model.conv1.weight',
      fromHostTensor({ shape: [64, 4, 7, 7], data: new Float32Array(64 * 4 * 49) }),
    );
    expect(() => loadEncoderWeights(tensors, ENCODERS['tsm-resnet18'], 'x.pth')).toThrow(
      /x\.pth does not fit.*missing: bn1\.weight; of another shape: module\.base_model\.conv1\.weight \[64, 4, 7, 7\] instead of \[64, 3, 7, 7\]; unexpected: module\.base_model\.extra/,
    );
    const report = inspectCheckpoint({ form: 'zip', wrapper: '', tensors, facts: {}, otherTensors: 0 });
    expect(report).toMatchObject({
      kind: 'encoder',
      encoder: 'tsm-resnet18',
      complete: false,
      missing: ['bn1.weight'],
      unexpected: ['module.base_model.extra'],
    });
  });

  it('is refused by the name of what it is', () => {
    expect(() => loadEncoderWeights(whole(), ENCODERS['tsm-resnet50'], 'x.pth')).toThrow(
      /It is a checkpoint of tsm-resnet18/,
    );
  });

  it('is refused when it holds values that are not numbers', () => {
    const tensors = whole();
    tensors.set(
      'module.base_model.bn1.weight',
      fromHostTensor({ shape: [64], data: new Float32Array(64).fill(Number.NaN) }),
    );
    expect(() => loadEncoderWeights(tensors, ENCODERS['tsm-resnet18'], 'x.pth')).toThrow(
      /bn1\.weight.*not numbers/,
    );
  });

  it('of an unknown kind is told as such, with all its tensors', () => {
    const tensors: StoredTensors = new Map([
      ['weird', fromHostTensor({ shape: [1], data: Float32Array.of(1) })],
    ]);
    expect(
      inspectCheckpoint({ form: 'zip', wrapper: '', tensors, facts: {}, otherTensors: 0 }),
    ).toMatchObject({ kind: 'unknown', unexpected: ['weird'], complete: false });
  });
});
