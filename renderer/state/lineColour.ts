/** Colours of labels and series as lines, bars and outlines: on a light ground pale ones are darkened, so that they can be seen. */
import { colourOnLight } from '#core/annotation/colours';
import { studio } from './studio.svelte.ts';

/** A colour as a line on the present theme's ground. Reactive where it is read. */
export function lineColour(colour: string): string {
  return studio.isLight ? colourOnLight(colour) : colour;
}
