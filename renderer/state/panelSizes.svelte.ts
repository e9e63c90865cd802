/**
 * Sizes of panels, kept in the browser for the next time.
 */

import { windowSize } from './windowScale.ts';

const STORED = 'panel-sizes';

interface PanelSizes {
  videos: number;
  side: number;
  timeline: number;
}

function stored(): Partial<PanelSizes> {
  try {
    return JSON.parse(window.localStorage.getItem(STORED) ?? '{}') as Partial<PanelSizes>;
  } catch {
    return {};
  }
}

/** Sizes in pixels; 0 hides a panel. */
export const panelSizes: PanelSizes = $state({
  videos: 176,
  side: 320,
  timeline: Math.max(324, Math.round(windowSize().height * 0.42)),
  ...stored(),
});

/** Keeps the present sizes. Call from an effect. */
export function keepPanelSizes(): void {
  window.localStorage.setItem(STORED, JSON.stringify(panelSizes));
}
