/** Reads `detections.json`, which `reference.py` made, into the shapes that core/eval takes. */
import { readFileSync } from 'node:fs';
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';

type Row = readonly [number, number, string, number];

/** Results of one protocol in the reference. */
export interface GoldenProtocol {
  readonly tiou: number[];
  readonly map: number[];
  readonly averageMap: number;
  readonly ap: Record<string, number[]>;
}

/** Results of average recall at a number of proposals. */
export interface GoldenProposals {
  readonly averageRecall: number[];
  readonly proposalsPerVideo: number[];
  readonly arAt: Record<string, number>;
  readonly auc: number;
}

/** Results of DETAD. */
export interface GoldenDiagnosis {
  readonly averageMapN: number;
  /** [threshold][row][kind] */
  readonly profile: number[][][];
  readonly gain: Record<string, number>;
  readonly sensitivity: Record<string, number | Record<string, number>>;
  readonly missed: Record<string, number | Record<string, number>>;
}

interface GoldenFile {
  readonly durations: Record<string, number>;
  readonly groundTruth: Record<string, Row[]>;
  readonly predictions: Record<string, Row[]>;
  readonly activitynet: GoldenProtocol;
  readonly thumos14: GoldenProtocol;
  readonly epic: GoldenProtocol;
  readonly proposals: Record<string, GoldenProposals>;
  readonly diagnosis: { readonly activitynet: GoldenDiagnosis; readonly thumos14: GoldenDiagnosis };
  readonly bootstrap: { readonly draws: string[][]; readonly averageMap: number[]; readonly tieStep: number };
}

/** The whole golden file. */
export const golden = JSON.parse(
  readFileSync(new URL('detections.json', import.meta.url), 'utf8'),
) as GoldenFile;

/** Ground truth by video. */
export const groundTruth: Record<string, LabelledSegment[]> = Object.fromEntries(
  Object.entries(golden.groundTruth).map(([video, rows]) => [
    video,
    rows.map(([startSec, endSec, label]) => ({ startSec, endSec, label })),
  ]),
);

/** Predictions by video. */
export const predictions: Record<string, ScoredSegment[]> = Object.fromEntries(
  Object.entries(golden.predictions).map(([video, rows]) => [
    video,
    rows.map(([startSec, endSec, label, score]) => ({ startSec, endSec, label, score })),
  ]),
);
