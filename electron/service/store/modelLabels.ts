/**
 * What a model calls its labels, and which labels those are today.
 */
import type { Store } from './store.ts';

/** Ids of the project's labels by the model's names: by the ids that were kept with it, so that a rename changes nothing, else by name. */
export function labelIdsOf(store: Store, modelId: string): ReadonlyMap<string, string> {
  const model = store.models.require(modelId);
  const ids = model.snapshot.labelIds;
  return new Map(
    model.labels.flatMap((name, index): [string, string][] => {
      const id = ids?.[index];
      const label = id === undefined ? store.document.labelByName(name) : store.document.label(id);
      return label === undefined ? [] : [[name, label.id]];
    }),
  );
}
