import { isMessageKey, t } from '../../i18n/i18n.svelte.ts';

/** A stage of a training in words; one that this program does not know keeps its name. */
export function stageName(stage: string): string {
  const key = `models.stage.${stage}`;
  return isMessageKey(key) ? t(key) : stage;
}
