/** Why a model cannot be measured: it has not predicted on videos of the subset. */
import { codeOf } from '../../api/studio.ts';

/** What has to be predicted first. */
export interface Unpredicted {
  readonly modelId: string;
  readonly videoIds: readonly string[];
}

/** What `evaluate.run` says is missing; null for any other error. */
export function unpredicted(error: unknown): Unpredicted | null {
  const { detail } = error as { readonly detail?: Partial<Unpredicted> };
  return codeOf(error) === 'conflict' && detail?.modelId !== undefined && detail.videoIds !== undefined
    ? { modelId: detail.modelId, videoIds: detail.videoIds }
    : null;
}
