/**
 * Native menus out of the page's table: every action that the table has can be shown, in every profile, and nothing else gets in.
 */
// The page's sources use Svelte's runes.
import type {} from 'svelte';
import { describe, expect, it } from 'vitest';
import { acceleratorOf, readMenuActions } from '../../electron/main/menuActions.ts';
import { ACTIONS } from '../../renderer/keys/actions.ts';

describe('native menus', () => {
  it('have an accelerator for every chord of the table', () => {
    const chords = ACTIONS.flatMap(({ nle, boris = [], elan = [], via = [] }) => [
      ...nle,
      ...boris,
      ...elan,
      ...via,
    ]);
    expect(chords.length).toBeGreaterThan(100);
    expect(chords.filter((chord) => acceleratorOf(chord) === null)).toEqual([]);
    expect(['Ctrl+Shift+z', 'ArrowLeft', 'Ctrl++', '+', 'Space'].map(acceleratorOf)).toEqual([
      'CmdOrCtrl+Shift+Z',
      'Left',
      'CmdOrCtrl+Plus',
      'Plus',
      'Space',
    ]);
    expect(['', 'Ctrl+', 'Ctrl+Nonsense', 'ä'].map(acceleratorOf)).toEqual([
      null,
      'CmdOrCtrl+Plus',
      null,
      null,
    ]);
  });

  it('take the table and nothing else', () => {
    const table = ACTIONS.map(({ id, title, scope, nle }) => ({ id, title, scope, chord: nle[0] ?? '' }));
    expect(readMenuActions(table)).toBe(table);
    const good = { id: 'undo', title: 'Undo', scope: 'global', chord: '' };
    for (const bad of [
      null,
      {},
      'x',
      [null],
      [{ ...good, id: '../x' }],
      [{ ...good, title: 'x'.repeat(101) }],
      [{ ...good, title: '' }],
      [{ ...good, scope: 'system' }],
      [{ ...good, chord: 7 }],
      Array.from({ length: 301 }, () => good),
    ]) {
      expect(readMenuActions(bad)).toBeNull();
    }
  });
});
