/**
 * Key chords as text: `Ctrl+Shift+z`, `ArrowLeft`, `?`. Pure, so that profiles can be checked by tests.
 *
 * `Ctrl` stands for Control or Command. Letters are lower case; a letter with Shift says so. Signs that need Shift on some
 * keyboards (`?`, `{`) are named by what they write, without Shift, so that every keyboard layout works.
 */

/** The part of a keyboard event that matters. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const MODIFIER_KEYS = new Set(['Control', 'Meta', 'Alt', 'Shift', 'AltGraph', 'CapsLock']);

/** The chord of a key press; empty for a modifier alone. */
export function chordOf(press: KeyPress): string {
  if (MODIFIER_KEYS.has(press.key)) {
    return '';
  }
  let key = press.key === ' ' ? 'Space' : press.key;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(press.code);
  const letter = /^Key([A-Z])$/.exec(press.code);
  let shift = press.shiftKey;
  if (digit !== null && (press.shiftKey || press.altKey)) {
    key = digit[1]!;
  } else if (letter !== null && (press.altKey || !/^[a-zA-Z]$/.test(key))) {
    // Alt and non-Latin layouts write other signs: the key's place decides.
    key = letter[1]!.toLowerCase();
  } else if (press.altKey && press.code.startsWith('Bracket')) {
    key = press.code === 'BracketLeft' ? (shift ? '{' : '[') : shift ? '}' : ']';
  }
  if (key.length === 1) {
    if (/[a-zA-Z]/.test(key)) {
      key = key.toLowerCase();
    } else if (!/\d/.test(key)) {
      shift = false;
    }
  }
  const modifiers = [
    press.ctrlKey || press.metaKey ? 'Ctrl' : '',
    press.altKey ? 'Alt' : '',
    shift ? 'Shift' : '',
  ].filter((name) => name !== '');
  return [...modifiers, key].join('+');
}

/** Whether a chord would write a character into a text field, so must not fire there. */
export function isTypingChord(chord: string): boolean {
  return !/^(Ctrl\+|Alt\+|Escape$|F\d)/.test(chord);
}

const SHOWN: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  Backspace: 'Bksp',
  Delete: 'Del',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
};

/** A chord as a person reads it. */
export function showChord(chord: string, mac = false): string {
  if (chord === '') {
    return '';
  }
  const key = chord.endsWith('+') ? '+' : chord.slice(chord.lastIndexOf('+') + 1);
  const modifiers = chord
    .slice(0, chord.length - key.length)
    .split('+')
    .filter((name) => name !== '');
  const shown = SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  if (mac) {
    const signs: Readonly<Record<string, string>> = { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' };
    return [...modifiers.map((name) => signs[name] ?? name), shown].join('');
  }
  return [...modifiers, shown].join('+');
}
