/**
 * How published checkpoints name the parameters of the encoders, as tables of renamings to the names used here (torchvision's, with TSM's
 * `.net` on shifted convolutions).
 *
 * TSM `ops/models.py` (`module.base_model.layer1.0.conv1.net.weight`), torchvision `resnet.py` and `video/resnet.py`, MMAction2 `ResNetTSM`
 * (`backbone.layer1.0.conv1.conv.net.weight`, `…conv1.bn.*`), and this program's own files.
 */

/** Where a checkpoint comes from, told by its names. */
export type WeightSource = 'tsm' | 'torchvision' | 'mmaction2' | 'studio';

interface NameTable {
  readonly source: WeightSource;
  /** Names that only this source has. */
  readonly sign: RegExp;
  /** Renamings, applied one after the other. */
  readonly rules: readonly (readonly [RegExp, string])[];
}

/** DataParallel's and wrappers' prefixes. */
const WRAPPER = /^(?:module\.|model\.)+/;

const TABLES: readonly NameTable[] = [
  { source: 'studio', sign: /^encoder\//, rules: [[/^encoder\//, '']] },
  {
    source: 'mmaction2',
    sign: /^backbone\.(?:conv1\.conv|layer\d\.\d+\.conv1\.conv)\./,
    rules: [
      [/^backbone\./, ''],
      [/\bconv(\d)\.conv(\.net)?\.weight$/, 'conv$1$2.weight'],
      [/\bconv(\d)\.bn\./, 'bn$1.'],
      [/\bdownsample\.conv\.weight$/, 'downsample.0.weight'],
      [/\bdownsample\.bn\./, 'downsample.1.'],
    ],
  },
  { source: 'tsm', sign: /^base_model\./, rules: [[/^base_model\./, '']] },
  {
    source: 'torchvision',
    sign: /^(?:backbone\.|encoder\.)?(?:conv1|stem|layer1)\./,
    rules: [[/^(?:backbone|encoder)\./, '']],
  },
];

/** Classifiers on top of the encoder, which localisation does not use. */
const CLASSIFIER = /^(?:fc|new_fc|classifier|cls_head|head)\b/;
/** Counters of batch norm, which nothing computes with. */
const COUNTER = /\.num_batches_tracked$/;

/** A checkpoint's names in the form used here. */
export interface CanonicalNames {
  readonly source: WeightSource;
  /** Canonical name → name in the file. */
  readonly names: ReadonlyMap<string, string>;
  /** Names in the file that are known and not needed: classifier, counters, the head of a localiser. */
  readonly ignored: readonly string[];
}

/** Tells the source of a checkpoint and renames; undefined when no table fits. */
export function canonicalNames(fileNames: Iterable<string>): CanonicalNames | undefined {
  const plain = [...fileNames].map((name) => ({ name, short: name.replace(WRAPPER, '') }));
  const table = TABLES.find(({ sign }) => plain.some(({ short }) => sign.test(short)));
  if (table === undefined) return undefined;
  const names = new Map<string, string>();
  const ignored: string[] = [];
  for (const { name, short } of plain) {
    const canonical = table.rules.reduce(
      (text, [pattern, replacement]) => text.replace(pattern, replacement),
      short,
    );
    if (CLASSIFIER.test(canonical) || COUNTER.test(canonical) || canonical.startsWith('head/'))
      ignored.push(name);
    else names.set(canonical, name);
  }
  return { source: table.source, names, ignored };
}

/** The name with `.net` taken out or put in, as TSM's loader does: a plain network starts a shifted one and the other way round. */
export function otherShiftName(name: string): string {
  return name.endsWith('.conv1.net.weight')
    ? name.replace('.net.weight', '.weight')
    : name.replace(/\.conv1\.weight$/, '.conv1.net.weight');
}
