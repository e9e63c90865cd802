/**
 * The colours of labels: twelve of similar weight, apart from each other for normal sight and for the three common
 * colour-blindnesses. Found by search over sRGB for the largest least distance (OKLab, Machado et al. 2009 at full severity);
 * `renderer/styles/colours.test.ts` holds them to it. The thirteenth label repeats the first colour with a pattern.
 */

/** In the order in which labels get them. */
export const LABEL_COLOURS = [
  '#5490f4',
  '#fc9028',
  '#a8d8f4',
  '#f0cc28',
  '#c078a0',
  '#9cc07c',
  '#fc5428',
  '#60c0f4',
  '#ccd8a0',
  '#f03cdc',
  '#9c9c70',
  '#d89cb8',
] as const;

/** Least contrast of a line against its ground (WCAG 2.2, 1.4.11). */
const LEAST_CONTRAST = 3;

function channelsOf(colour: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

/** Relative luminance as WCAG defines it, 0 to 1. */
function luminanceOf(channels: readonly number[]): number {
  const [r, g, b] = channels.map((value) => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** A colour as a line on white: darkened as far as it must be to stand out, its hue kept. @param colour `#rrggbb`; anything else comes back as it is */
export function colourOnLight(colour: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return colour;
  const channels = channelsOf(colour);
  for (let share = 1; share > 0; share -= 0.05) {
    const dark = channels.map((value) => Math.round(value * share));
    if (1.05 / (luminanceOf(dark) + 0.05) >= LEAST_CONTRAST)
      return `#${dark.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
  }
  return '#000000';
}
