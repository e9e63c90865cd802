import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { colourOnLight, LABEL_COLOURS } from '#core/annotation/colours';
import { FURTHER_COLOURS, SERIES_COLOURS } from '../charts/lineFigure.ts';

type Triple = readonly [number, number, number];

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB. */
const SIGHTS: Readonly<Record<string, readonly Triple[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const apply = (rows: readonly Triple[], v: Triple): Triple =>
  rows.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as unknown as Triple;

function linear(hex: string): Triple {
  return [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
}

function oklab(rgb: Triple): Triple {
  const clipped = rgb.map((c) => Math.min(1, Math.max(0, c))) as unknown as Triple;
  const lms = apply(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    clipped,
  ).map(Math.cbrt) as unknown as Triple;
  return apply(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    lms,
  );
}

function luminance(hex: string): number {
  const [r, g, b] = linear(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The smallest difference between two of the colours; two hundredths is about what can just be seen. */
function leastDifference(colours: readonly string[], sight: string): number {
  const seen = colours.map((colour) => oklab(apply(SIGHTS[sight]!, linear(colour))));
  let least = Infinity;
  for (let i = 0; i < seen.length; i += 1) {
    for (let j = 0; j < i; j += 1) {
      least = Math.min(least, Math.hypot(...([0, 1, 2] as const).map((k) => seen[i]![k] - seen[j]![k])));
    }
  }
  return least;
}

describe('label colours', () => {
  it.each(Object.keys(SIGHTS))('are apart from each other for %s sight', (sight) => {
    expect(leastDifference(LABEL_COLOURS, sight)).toBeGreaterThan(0.07);
  });

  it('carry dark text, and are seen against the dark lanes', () => {
    for (const colour of LABEL_COLOURS) {
      expect(contrast(colour, '#10141a')).toBeGreaterThan(4.5);
    }
  });

  it('are seen as lines on white, their hue kept', () => {
    for (const colour of [...LABEL_COLOURS, '#ffffff', '#ffff00']) {
      expect(contrast(colourOnLight(colour), '#ffffff')).toBeGreaterThanOrEqual(3);
    }
    expect(colourOnLight('#0000ff')).toBe('#0000ff');
    expect(colourOnLight('#ffff00')).toMatch(/^#([0-9a-f]{2})\1(00)$/);
    expect(colourOnLight('currentColor')).toBe('currentColor');
  });
});

describe("colours of a training's curves", () => {
  const curves = [...Object.values(SERIES_COLOURS), ...FURTHER_COLOURS];

  it.each(Object.keys(SIGHTS))('are apart from each other for %s sight, on dark and on light', (sight) => {
    expect(leastDifference(curves, sight)).toBeGreaterThan(0.07);
    expect(leastDifference(curves.map(colourOnLight), sight)).toBeGreaterThan(0.07);
  });
});

describe('themes', () => {
  const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
  const block = (name: string): Readonly<Record<string, string>> => {
    const from = css.indexOf(`[data-theme='${name}']`);
    const body = css.slice(from, css.indexOf('}', from));
    return Object.fromEntries(
      [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, key, value]) => [key!, value!]),
    );
  };

  it.each(['dark', 'light', 'high-contrast'])(
    '%s: text is at least 4.5 : 1 on every surface it stands on',
    (name) => {
      const tokens = block(name);
      for (const ink of ['ink', 'ink-quiet', 'ink-faint', 'accent', 'danger', 'warning', 'good']) {
        for (const surface of ['surface', 'raised']) {
          expect(contrast(tokens[ink]!, tokens[surface]!), `${ink} on ${surface}`).toBeGreaterThanOrEqual(
            4.5,
          );
        }
      }
      for (const ink of ['ink', 'ink-quiet', 'accent']) {
        for (const surface of ['hover', 'active']) {
          expect(contrast(tokens[ink]!, tokens[surface]!), `${ink} on ${surface}`).toBeGreaterThanOrEqual(
            4.5,
          );
        }
      }
      expect(contrast(tokens['accent-ink']!, tokens['accent']!)).toBeGreaterThanOrEqual(4.5);
      for (const tone of ['accent', 'danger', 'warning', 'good']) {
        expect(contrast(tokens[tone]!, tokens[`${tone}-soft`]!), tone).toBeGreaterThanOrEqual(4.5);
      }
      expect(
        contrast(tokens['line-strong']!, tokens['surface']!),
        'borders of controls',
      ).toBeGreaterThanOrEqual(3);
    },
  );
});
