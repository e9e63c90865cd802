import { describe, expect, it } from 'vitest';
import { LIKELY } from '#core/timeline/likelyFrames';
import { ACTIONS, type KeyProfile } from './actions.ts';
import { chordOf, isTypingChord, showChord, type KeyPress } from './chords.ts';
import { buildKeymap, findConflicts } from './keymap.ts';

const press = (key: string, code: string, modifiers: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...modifiers,
});

describe('chords', () => {
  it('names keys by what they write, digits and letters with Alt by their place', () => {
    expect(chordOf(press('j', 'KeyJ'))).toBe('j');
    expect(chordOf(press('J', 'KeyJ', { shiftKey: true }))).toBe('Shift+j');
    expect(chordOf(press('!', 'Digit1', { shiftKey: true }))).toBe('Shift+1');
    expect(chordOf(press('?', 'Slash', { shiftKey: true }))).toBe('?');
    expect(chordOf(press('{', 'BracketLeft', { shiftKey: true }))).toBe('{');
    expect(chordOf(press('“', 'BracketLeft', { altKey: true }))).toBe('Alt+[');
    expect(chordOf(press('å', 'KeyA', { altKey: true }))).toBe('Alt+a');
    expect(chordOf(press('о', 'KeyJ'))).toBe('j');
    expect(chordOf(press('z', 'KeyZ', { metaKey: true, shiftKey: true }))).toBe('Ctrl+Shift+z');
    expect(chordOf(press(' ', 'Space'))).toBe('Space');
    expect(chordOf(press('Shift', 'ShiftLeft', { shiftKey: true }))).toBe('');
  });

  it('knows which chords would write into a field', () => {
    expect(['j', 'Shift+j', 'Space', 'Delete', 'ArrowLeft'].every(isTypingChord)).toBe(true);
    expect(['Ctrl+k', 'Escape', 'F1', 'Alt+n'].some(isTypingChord)).toBe(false);
  });

  it('shows them as a person reads them', () => {
    expect(showChord('Ctrl+Shift+z')).toBe('Ctrl+Shift+Z');
    expect(showChord('Shift+ArrowLeft', true)).toBe('⇧←');
    expect(showChord('+')).toBe('+');
  });
});

describe('keymap', () => {
  it.each<KeyProfile>(['nle', 'boris', 'elan', 'via'])('the %s profile has no conflict', (profile) => {
    expect(findConflicts(buildKeymap(profile, {}))).toEqual([]);
  });

  it('leaves single letters to labels in BORIS', () => {
    const keymap = buildKeymap('boris', {});
    const letters = [...keymap.actionsOf].filter(
      ([chord, ids]) =>
        /^[a-z]$/.test(chord) &&
        ids.some((id) => ACTIONS.find((action) => action.id === id)?.scope !== 'review'),
    );
    expect(letters).toEqual([]);
  });

  it('names the conflict that a change makes, and takes keys away by an empty text', () => {
    const keymap = buildKeymap('nle', { split: 'j', merge: '' });
    expect(findConflicts(keymap)).toEqual([{ chord: 'j', actions: ['shuttleBack', 'split'] }]);
    expect(keymap.chordsOf.get('merge')).toEqual([]);
  });

  it('has every action once, in words', () => {
    expect(new Set(ACTIONS.map((action) => action.id)).size).toBe(ACTIONS.length);
  });
});

describe('likely frames', () => {
  it('know the actions by their names in the table', () => {
    const known = new Set(ACTIONS.map(({ id }) => id));
    expect(LIKELY.flatMap((group) => Object.keys(group)).filter((id) => !known.has(id))).toEqual([]);
  });
});
