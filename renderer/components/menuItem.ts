/** A command of a menu. Apart from the component, so that others may name the type. */
import type { IconName } from './icons.ts';

/** One line of a menu. */
export interface MenuItem {
  readonly id: string;
  readonly text: string;
  readonly icon?: IconName | undefined;
  readonly keys?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly danger?: boolean | undefined;
  /** Present: the entry is a switch, and this is its state. */
  readonly checked?: boolean | undefined;
  /** A colour swatch instead of an icon. */
  readonly colour?: string | undefined;
  readonly run: () => void;
}
