/**
 * The tokens as the canvas needs them: read from the stylesheet once per theme.
 */

/** Colours of the canvas. */
export interface CanvasTheme {
  readonly surface: string;
  readonly lane: string;
  readonly laneOther: string;
  readonly line: string;
  readonly tick: string;
  readonly ink: string;
  readonly inkQuiet: string;
  readonly playhead: string;
  readonly covered: string;
  readonly wave: string;
  readonly accent: string;
  readonly font: string;
  readonly mono: string;
  readonly dark: boolean;
}

/** Reads the tokens now in force. */
export function readTheme(): CanvasTheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    surface: token('surface'),
    lane: token('lane'),
    laneOther: token('lane-other'),
    line: token('line'),
    tick: token('tick'),
    ink: token('ink'),
    inkQuiet: token('ink-quiet'),
    playhead: token('playhead'),
    covered: token('covered'),
    wave: token('wave'),
    accent: token('accent'),
    font: `11px ${token('font')}`,
    mono: `11px ${token('mono')}`,
    dark: document.documentElement.dataset['theme'] !== 'light',
  };
}

/** Calls back when the theme changes. @returns a function that ends this */
export function onThemeChange(callback: () => void): () => void {
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}
