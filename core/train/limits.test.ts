import { describe, expect, it } from 'vitest';
import { DEMO_CONFIG, QUICK_CONFIG, STUDIO_CONFIG } from './defaults.ts';
import { settingProblem } from './limits.ts';

/** Every value of a configuration by its dotted name. */
function flat(config: object, prefix = ''): [string, unknown][] {
  return Object.entries(config).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? flat(value, `${prefix}${key}.`)
      : [[`${prefix}${key}`, value] as [string, unknown]],
  );
}

describe('limits of settings', () => {
  it('let the program’s own configurations pass', () => {
    for (const config of [DEMO_CONFIG, QUICK_CONFIG, STUDIO_CONFIG]) {
      const wrong = flat(config).map(([name, value]) => settingProblem(name, value));
      expect(wrong.filter((problem) => problem !== null)).toEqual([]);
    }
  });

  it.each([
    ['sampling.side', -5, 'The training setting "sampling.side" goes from 32 to 1024; -5 is outside.'],
    ['sampling.snippets', 12.5, 'The training setting "sampling.snippets" is a whole number, not 12.5.'],
    ['head.epochs', 0, 'The training setting "head.epochs" goes from 1 to 100000; 0 is outside.'],
    ['lofi.encoder.learningRate', 0, /"lofi\.encoder\.learningRate" goes from 1e-9 to 10; 0 is outside/],
    ['lofi.snippetShare', Number.NaN, /NaN is outside/],
    ['detector', 'yolo', 'The training setting "detector" is one of anchor-free, tridet, g-tad, not "yolo".'],
    ['lofi.schedule', 'cosine', /one of s, t, st/],
    ['head.optimiser.schedule', 'st', /one of constant, step, cosine, one-cycle, not "st"/],
    ['multiLabel', 1, 'The training setting "multiLabel" is true, false or null.'],
    ['lofi.chunkSnippets', true, 'The training setting "lofi.chunkSnippets" is a number.'],
  ])('refuse %s = %s, and say what it may be', (name, value, words) => {
    if (typeof words === 'string') expect(settingProblem(name, value)).toBe(words);
    else expect(settingProblem(name, value)).toMatch(words);
  });

  it('let no epochs of stage 2 pass, and what has no limits', () => {
    expect(settingProblem('lofi.epochs', 0)).toBeNull();
    expect(settingProblem('encoder', '/any/folder')).toBeNull();
    expect(settingProblem('baseline', false)).toBeNull();
    expect(settingProblem('multiLabel', true)).toBeNull();
  });
});
