/**
 * Colours of new labels: Okabe and Ito's palette for colour-blind eyes, then lighter and darker relatives.
 */

/** In the order in which labels get them. */
export const DEFAULT_COLOURS: readonly string[] = [
  '#e69f00',
  '#56b4e9',
  '#009e73',
  '#f0e442',
  '#0072b2',
  '#d55e00',
  '#cc79a7',
  '#999999',
  '#8fd3a8',
  '#b39ddb',
  '#ff8a80',
  '#80cbc4',
];
