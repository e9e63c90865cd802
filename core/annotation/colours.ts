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
