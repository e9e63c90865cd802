/**
 * G-TAD checkpoints of the authors (`torch.save` of `{epoch, state_dict}`, names prefixed `module.` by DataParallel).
 *
 * Which branch made a checkpoint shows in its shapes: the map's first layer has 256 · R inputs (R = 36 ActivityNet, 32 THUMOS), its inner
 * convolutions are 1×1 or 3×3.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';
import { createGtad } from '#core/model/detectors/gtad';
import type { GtadConfig } from '#core/model/detectors/config';
import { gtadConfig } from '#core/model/detectors/config';
import type { StoredTensor } from './storedTensor.ts';
import { toHostTensor } from './storedTensor.ts';

const FIRST = 'backbone1.0.weight';
const MAP_FIRST = 'localization.0.weight';
const MAP_INNER = 'localization.4.weight';
const GROUPS = 4;

/** How a checkpoint fits G-TAD. */
export interface GtadFit {
  readonly config: GtadConfig;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly misshaped: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly needed: readonly number[];
  }[];
}

function withoutWrapper(tensors: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> {
  return new Map([...tensors].map(([name, tensor]) => [name.replace(/^module\./, ''), tensor]));
}

/** 300 frames, and windows of 256 snippets, of the THUMOS branch's 5 frames each. */
const THUMOS_RULES = { longestSteps: 60, windowSteps: 256 } as const;

/** Compares a checkpoint with G-TAD; undefined when it is something else. The authors' post-processing is kept to the letter. */
export function fitGtad(tensors: ReadonlyMap<string, StoredTensor>): GtadFit | undefined {
  const plain = withoutWrapper(tensors);
  const [first, mapFirst, mapInner] = [FIRST, MAP_FIRST, MAP_INNER].map((name) => plain.get(name));
  if (first?.shape.length !== 3 || mapFirst?.shape.length !== 4 || mapInner?.shape.length !== 4)
    return undefined;
  const variant = mapInner.shape[2] === 3 ? 'thumos' : 'anet';
  const config = gtadConfig({
    variant,
    ...(variant === 'thumos' ? THUMOS_RULES : {}),
    inChannels: first.shape[1]! * GROUPS,
    numClasses: 0,
    hidden1d: first.shape[0]!,
    hidden3d: mapFirst.shape[0]!,
    hidden2d: mapInner.shape[0]!,
    reachEnd: false,
    originalStop: true,
  });
  const needed = createGtad(config).initialise(0);
  const missing = Object.keys(needed).filter((name) => !plain.has(name));
  const unexpected = [...plain.keys()].filter((name) => needed[name] === undefined);
  const misshaped = Object.entries(needed).flatMap(([name, { shape }]) => {
    const found = plain.get(name);
    return found === undefined || found.shape.join() === shape.join()
      ? []
      : [{ name, shape: found.shape, needed: shape }];
  });
  return { config, missing, unexpected, misshaped };
}

/**
 * Parameters and configuration of a G-TAD checkpoint.
 *
 * @throws StudioError `bad-input` when it is something else or incomplete
 */
export function loadGtadWeights(
  tensors: ReadonlyMap<string, StoredTensor>,
  file: string,
): { readonly config: GtadConfig; readonly parameters: TensorMap } {
  const fit = fitGtad(tensors);
  if (fit === undefined || fit.missing.length + fit.unexpected.length + fit.misshaped.length > 0) {
    const wrong = [
      ...(fit?.missing ?? []),
      ...(fit?.unexpected ?? []),
      ...(fit?.misshaped ?? []).map(({ name }) => name),
    ];
    const reason =
      fit === undefined ? 'its names are others' : `these do not fit: ${wrong.slice(0, 5).join(', ')}`;
    throw new StudioError(
      'bad-input',
      `${file} is not a G-TAD checkpoint (${reason}). Choose a checkpoint of the G-TAD authors' code.`,
      {
        path: file,
      },
    );
  }
  const plain = withoutWrapper(tensors);
  const parameters = Object.fromEntries([...plain].map(([name, tensor]) => [name, toHostTensor(tensor)]));
  return { config: fit.config, parameters };
}
