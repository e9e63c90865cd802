/**
 * What a training came to: its two models and the one before on the validation videos, each with its interval, and how much better the best is.
 */
import type { ComparisonInfo, EvaluationInfo, JobInfo, ModelInfo } from '#core/contract/info';
import { invoke } from '../../api/studio.ts';
import { unpredicted } from '../evaluate/unpredicted.ts';

/** One model of the closing table. */
export interface OutcomeRow {
  readonly model: ModelInfo;
  readonly role: 'lofi' | 'frozen' | 'before';
  /** Null when it has not predicted on the validation videos, or there are none; then only the training's own figures are known. */
  readonly evaluation: EvaluationInfo | null;
  /** Videos that it would have to predict on first. */
  readonly missing: readonly string[];
  /** The best model against this one; null for the best itself, or where one of them has no figures. */
  readonly against: ComparisonInfo | null;
}

/** The table and what it says. */
export interface Outcome {
  readonly rows: readonly OutcomeRow[];
  readonly best: OutcomeRow | null;
}

/** The newest model that this training did not make; the one that it went on from comes first. */
function modelBefore(made: readonly ModelInfo[], models: readonly ModelInfo[]): ModelInfo | undefined {
  const first = made[0];
  const older = models.filter((model) => !made.includes(model) && model.version < (first?.version ?? 0));
  return (
    older.find((model) => model.id === first?.parentId) ??
    [...older].sort((a, b) => b.version - a.version).sort((a, b) => validationOf(b) - validationOf(a))[0]
  );
}

/** Of the two models of one training, the one that was found better. */
const validationOf = (model: ModelInfo): number => model.validation?.averageMap ?? 0;

async function measure(model: ModelInfo, role: OutcomeRow['role']): Promise<OutcomeRow> {
  const row = { model, role, evaluation: null, missing: [], against: null };
  try {
    return { ...row, evaluation: await invoke('evaluate.run', { modelId: model.id, subset: 'validation' }) };
  } catch (error) {
    return { ...row, missing: unpredicted(error)?.videoIds ?? [] };
  }
}

/** Measures what a training made. @throws StudioError when the service cannot answer */
export async function readOutcome(job: JobInfo, models: readonly ModelInfo[]): Promise<Outcome> {
  const made = models
    .filter((model) => model.jobId === job.id)
    .sort((a, b) => Number(b.variant === 'lofi') - Number(a.variant === 'lofi'));
  const before = modelBefore(made, models);
  const rows = await Promise.all([
    ...made.map((model) => measure(model, model.variant)),
    ...(before === undefined ? [] : [measure(before, 'before')]),
  ]);
  // Where no video is set aside, only this training's models were measured on the same held-out parts.
  const isMeasured = rows.some((row) => row.evaluation !== null);
  const rank = (row: OutcomeRow): number =>
    isMeasured
      ? (row.evaluation?.averageMap ?? -1)
      : row.role === 'before'
        ? -1
        : (row.model.validation?.averageMap ?? -1);
  // Of its own two models a training chose one by more than the plain figures.
  const candidates = rows.filter(({ role, model }) => role === 'before' || model.validation?.kept !== false);
  const best = candidates.reduce<OutcomeRow | null>(
    (top, row) => (rank(row) > (top === null ? -1 : rank(top)) ? row : top),
    null,
  );
  if (best === null || !isMeasured) {
    return { rows, best };
  }
  const compared = await Promise.all(
    rows.map(async (row): Promise<OutcomeRow> => {
      if (row === best || row.evaluation === null) {
        return row;
      }
      const pair = { modelId: best.model.id, otherId: row.model.id, subset: 'validation' as const };
      return { ...row, against: await invoke('evaluate.compare', pair) };
    }),
  );
  return { rows: compared, best };
}
