/**
 * The one table of actions: what can be done by key, under which name, and which chords each profile gives it.
 *
 * Profiles: NLE (Resolve and Premiere habits), BORIS (letters are labels), ELAN (chords with Ctrl and Alt), VIA. An action that
 * a profile does not mention keeps the NLE chords, unless another action of that profile has taken them.
 */
import type { MessageKey } from '../i18n/i18n.svelte.ts';

/** Where an action works. Actions of `global` work everywhere. */
export type ActionScope = 'global' | 'player' | 'annotate' | 'review' | 'library';
/** Key profiles. */
export type KeyProfile = 'nle' | 'boris' | 'elan' | 'via';

/** An action that can have keys. */
export interface ActionSpec {
  readonly id: string;
  readonly title: MessageKey;
  readonly scope: ActionScope;
  readonly nle: readonly string[];
  readonly boris?: readonly string[];
  readonly elan?: readonly string[];
  readonly via?: readonly string[];
}

function spec(
  scope: ActionScope,
  id: string,
  nle: string,
  others: Partial<Record<'boris' | 'elan' | 'via', string>> = {},
): ActionSpec {
  const split = (text: string): string[] => text.split(' ').filter((chord) => chord !== '');
  const { boris, elan, via } = others;
  return {
    id,
    title: `key.${id}` as MessageKey,
    scope,
    nle: split(nle),
    ...(boris === undefined ? {} : { boris: split(boris) }),
    ...(elan === undefined ? {} : { elan: split(elan) }),
    ...(via === undefined ? {} : { via: split(via) }),
  };
}

const LABEL_DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'];

/** Every action there is. */
export const ACTIONS: readonly ActionSpec[] = [
  spec('global', 'palette', 'Ctrl+k Ctrl+Shift+p'),
  spec('global', 'shortcuts', '? F1'),
  spec('global', 'nextRegion', 'F6'),
  spec('global', 'undo', 'Ctrl+z'),
  spec('global', 'redo', 'Ctrl+Shift+z Ctrl+y'),
  spec('global', 'go.library', 'Ctrl+1'),
  spec('global', 'go.annotate', 'Ctrl+2'),
  spec('global', 'go.train', 'Ctrl+3'),
  spec('global', 'go.review', 'Ctrl+4'),
  spec('global', 'go.evaluate', 'Ctrl+5'),
  spec('global', 'go.models', 'Ctrl+6'),
  spec('global', 'go.jobs', 'Ctrl+7'),
  spec('global', 'go.settings', 'Ctrl+,'),

  spec('player', 'playPause', 'Space', { elan: 'Ctrl+Space Space' }),
  spec('player', 'playSegment', 'Shift+Space'),
  spec('player', 'shuttleBack', 'j', { boris: '', elan: '', via: 'j' }),
  spec('player', 'shuttleStop', 'k', { boris: 'Backspace', elan: '', via: '0' }),
  spec('player', 'shuttleForward', 'l', { boris: '', elan: '', via: '' }),
  spec('player', 'slower', 'Ctrl+[', { boris: 'End', via: '-' }),
  spec('player', 'faster', 'Ctrl+]', { boris: 'Home', via: '+' }),
  spec('player', 'previousFrame', 'ArrowLeft ,', { elan: 'Ctrl+ArrowLeft ArrowLeft' }),
  spec('player', 'nextFrame', 'ArrowRight .', { elan: 'Ctrl+ArrowRight ArrowRight' }),
  spec('player', 'stepBack', 'Shift+ArrowLeft', { via: 'Ctrl+ArrowLeft' }),
  spec('player', 'stepForward', 'Shift+ArrowRight', { via: 'Ctrl+ArrowRight' }),
  spec('player', 'jumpBack', 'Ctrl+ArrowLeft', { elan: 'Ctrl+PageUp', via: 'Ctrl+Shift+ArrowLeft' }),
  spec('player', 'jumpForward', 'Ctrl+ArrowRight', { elan: 'Ctrl+PageDown', via: 'Ctrl+Shift+ArrowRight' }),
  spec('player', 'goToStart', 'Home', { boris: 'Ctrl+Home' }),
  spec('player', 'goToEnd', 'End', { boris: 'Ctrl+End' }),
  spec('player', 'goToTime', 'g', { boris: 'Ctrl+g', elan: 'Ctrl+g' }),
  spec('player', 'loop', 'Ctrl+l'),
  spec('player', 'mute', 'Ctrl+m'),

  spec('annotate', 'markIn', 'i', { boris: 'Ctrl+i', elan: 'Ctrl+i', via: 'Shift+a' }),
  spec('annotate', 'markOut', 'o', { boris: 'Ctrl+o', elan: 'Ctrl+o', via: 'o' }),
  spec('annotate', 'goToIn', 'Shift+i', { via: 's' }),
  spec('annotate', 'goToOut', 'Shift+o', { via: 'e' }),
  spec('annotate', 'commit', 'Enter', { elan: 'Alt+n Enter', via: 'a Enter' }),
  spec('annotate', 'delete', 'Delete Backspace', { boris: 'Delete', elan: 'Alt+d Delete' }),
  spec('annotate', 'split', 'b Ctrl+b', { boris: 'Ctrl+b', elan: 'Ctrl+Alt+b' }),
  spec('annotate', 'merge', 'm', { boris: 'Alt+m', elan: 'Alt+m', via: 'Shift+ArrowRight m' }),
  spec('annotate', 'point', 'x', { boris: 'Alt+x', elan: 'Alt+x' }),
  spec('annotate', 'nudgeStartBack', '[', { via: 'Shift+l' }),
  spec('annotate', 'nudgeStartForward', ']', { via: 'l' }),
  spec('annotate', 'nudgeEndBack', '{', { via: 'r' }),
  spec('annotate', 'nudgeEndForward', '}', { via: 'Shift+r' }),
  spec('annotate', 'nudgeStartBackTen', 'Alt+['),
  spec('annotate', 'nudgeStartForwardTen', 'Alt+]'),
  spec('annotate', 'nudgeEndBackTen', 'Alt+{ Alt+Shift+{'),
  spec('annotate', 'nudgeEndForwardTen', 'Alt+} Alt+Shift+}'),
  spec('annotate', 'previousBoundary', 'ArrowUp'),
  spec('annotate', 'nextBoundary', 'ArrowDown'),
  spec('annotate', 'previousSegment', 'Shift+Tab', { elan: 'Alt+ArrowLeft Shift+Tab' }),
  spec('annotate', 'nextSegment', 'Tab', { elan: 'Alt+ArrowRight Tab' }),
  spec('annotate', 'trackUp', 'Alt+ArrowUp', { via: 'Alt+ArrowUp' }),
  spec('annotate', 'trackDown', 'Alt+ArrowDown', { via: 'Alt+ArrowDown' }),
  spec('annotate', 'moveTrackUp', 'Alt+Shift+ArrowUp'),
  spec('annotate', 'moveTrackDown', 'Alt+Shift+ArrowDown'),
  spec('annotate', 'foldTrack', 'Alt+f'),
  spec('annotate', 'nextUnreviewed', 'n', { boris: 'Alt+n', elan: 'Ctrl+n' }),
  spec('annotate', 'previousUnreviewed', 'p', { boris: 'Alt+p', elan: 'Ctrl+p' }),
  spec('annotate', 'acceptAbove', 'Shift+a', { via: 'Ctrl+Shift+a' }),
  spec('annotate', 'rejectBelow', 'Shift+r', { via: 'Ctrl+Shift+r' }),
  spec('annotate', 'nextVideo', 'PageDown'),
  spec('annotate', 'previousVideo', 'PageUp'),
  spec('annotate', 'zoomIn', '+ =', { via: 'Ctrl+ArrowUp' }),
  spec('annotate', 'zoomOut', '- _', { via: 'Ctrl+ArrowDown' }),
  spec('annotate', 'fit', '\\ z', { boris: '\\', elan: '\\' }),
  spec('annotate', 'covered', 'c', { boris: 'Alt+c', elan: 'Alt+c' }),
  spec('annotate', 'snap', 's', { boris: 'Alt+s', elan: 'Alt+s', via: 'Alt+s' }),
  spec('annotate', 'pickLabel', '/'),
  spec('annotate', 'copy', 'Ctrl+c'),
  spec('annotate', 'paste', 'Ctrl+v'),
  spec('annotate', 'makeCopy', 'Alt+Shift+c'),
  spec('annotate', 'selectAll', 'Ctrl+a'),
  spec('annotate', 'search', 'Ctrl+f'),
  spec('annotate', 'deselect', 'Escape'),

  spec('review', 'accept', 'Enter a'),
  spec('review', 'reject', 'Backspace Delete r'),
  spec('review', 'skip', 'Tab n'),
  spec('review', 'previousItem', 'Shift+Tab p'),
  spec('review', 'pickLabelReview', '/'),
  spec('review', 'startBack', '['),
  spec('review', 'startForward', ']'),
  spec('review', 'endBack', '{'),
  spec('review', 'endForward', '}'),
  spec('review', 'markInReview', 'i'),
  spec('review', 'markOutReview', 'o'),

  ...LABEL_DIGITS.map((digit, index) =>
    spec('annotate', `label.${index + 1}`, digit, { boris: `Alt+${digit}` }),
  ),
  ...LABEL_DIGITS.map((digit, index) => spec('annotate', `label.${index + 11}`, `Shift+${digit}`)),
  ...LABEL_DIGITS.map((digit, index) => spec('review', `relabel.${index + 1}`, digit)),
];
