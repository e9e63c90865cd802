/**
 * The demo's last words: what was measured for the frozen encoder and for LoFi, and what each stage cost.
 */
import type { StageFigures } from '#core/train/job';
import { stageTable } from '#cli/stageTable';

/** mAP by threshold, with both averages; fractions. */
export interface DemoScore {
  /** Keys `0.30` to `0.95`. */
  readonly map: Readonly<Record<string, number>>;
  /** Mean of .5:.05:.95. */
  readonly averageMap: number;
  /** Mean of .3:.1:.7. */
  readonly looseAverageMap: number;
}

const COLUMNS = ['0.30', '0.40', '0.50', '0.60', '0.70'] as const;

const percent = (value: number | undefined): string => ((value ?? 0) * 100).toFixed(1).padStart(7);

function scoreRow(name: string, score: DemoScore): string {
  const cells = COLUMNS.map((key) => percent(score.map[key])).join('');
  return `${name.padEnd(18)}${cells}${percent(score.looseAverageMap)}   ${percent(score.averageMap)}`;
}

/** The table, lines of text. */
export function closingTable(
  frozen: DemoScore,
  lofi: DemoScore,
  stages: readonly StageFigures[],
  testing: number,
  isQuick: boolean,
): string[] {
  const gain = (lofi.averageMap - frozen.averageMap) * 100;
  return [
    `mAP in per cent on ${testing} testing videos that no training has seen`,
    `${'at tIoU'.padEnd(18)}${COLUMNS.map((key) => key.padStart(7)).join('')}  .3:.7    .5:.95`,
    scoreRow('Frozen encoder', frozen),
    scoreRow('LoFi', lofi),
    `LoFi − frozen, average of .5:.95: ${gain >= 0 ? '+' : '−'}${Math.abs(gain).toFixed(1)} points`,
    ...(isQuick
      ? ['(a quick demo has too few videos and steps for this to mean much; the full one has enough)']
      : []),
    '',
    ...stageTable(stages),
  ];
}
