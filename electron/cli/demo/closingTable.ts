/**
 * The demo's last words: what was measured for the frozen encoder and for LoFi, and what each stage cost.
 */
import type { StageFigures } from '#core/train/job';

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

/** `1 h 02 min`, `3 min 20 s`, `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** The table, lines of text. */
export function closingTable(
  frozen: DemoScore,
  lofi: DemoScore,
  stages: readonly StageFigures[],
  testing: number,
): string[] {
  const gain = (lofi.averageMap - frozen.averageMap) * 100;
  const seconds = stages.reduce((sum, stage) => sum + stage.seconds, 0);
  const peak = Math.max(...stages.map((stage) => stage.peakBytes));
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  return [
    `mAP in per cent on ${testing} testing videos that no training has seen`,
    `${'at tIoU'.padEnd(18)}${COLUMNS.map((key) => key.padStart(7)).join('')}  .3:.7    .5:.95`,
    scoreRow('Frozen encoder', frozen),
    scoreRow('LoFi', lofi),
    `LoFi − frozen, average of .5:.95: ${gain >= 0 ? '+' : '−'}${Math.abs(gain).toFixed(1)} points`,
    '',
    `${'Stage'.padEnd(18)}${'time'.padStart(14)}${'peak memory'.padStart(14)}`,
    ...stages.map(
      (stage) =>
        `${stage.name.padEnd(18)}${duration(stage.seconds).padStart(14)}${megabytes(stage.peakBytes).padStart(14)}`,
    ),
    `${'Whole'.padEnd(18)}${duration(seconds).padStart(14)}${megabytes(peak).padStart(14)}`,
  ];
}
