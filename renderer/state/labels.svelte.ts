/**
 * The project's labels, in the person's order.
 */
import { LABEL_COLOURS } from '#core/annotation/colours';
import type { LabelInfo } from '#core/contract/info';
import { invoke, on } from '../api/studio.ts';
import { notifyError } from './notices.svelte.ts';

class LabelsState {
  list = $state.raw<readonly LabelInfo[]>([]);
  loaded = $state(false);
  readonly byId = $derived(new Map(this.list.map((label) => [label.id, label])));
}

/** All labels. */
export const labels = new LabelsState();

/** Colour of the label that would be added next. */
export function nextColour(): string {
  const used = new Set(labels.list.map((label) => label.colour.toLowerCase()));
  return LABEL_COLOURS.find((colour) => !used.has(colour)) ?? LABEL_COLOURS[labels.list.length % 12]!;
}

/** Which pattern marks a label whose colour repeats: 0 for the first of a colour. */
export function patternOf(id: string): number {
  const at = labels.list.findIndex((label) => label.id === id);
  const colour = labels.list[at]?.colour;
  return labels.list.slice(0, Math.max(0, at)).filter((label) => label.colour === colour).length;
}

/** Follows changes of the label set. */
export function startLabels(): void {
  on('document.changed', ({ labelsChanged }) => {
    if (labelsChanged) {
      void readLabels().catch(notifyError);
    }
  });
}

/** Reads the labels again. */
export async function readLabels(): Promise<void> {
  const list = await invoke('labels.list', {});
  labels.list = [...list].sort((a, b) => a.order - b.order);
  labels.loaded = true;
}
