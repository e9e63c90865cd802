/**
 * Words on hover and on focus: one floating line for the whole page, shown after a moment, gone at once.
 */
import type { Attachment } from 'svelte/attachments';
import { boxOf, windowSize } from '../state/windowScale.ts';

const DELAY_MS = 450;
let bubble: HTMLElement | null = null;
let timer = 0;
let owner: Element | null = null;

function hide(): void {
  window.clearTimeout(timer);
  owner = null;
  bubble?.remove();
}

function show(element: Element, text: string, keys: string): void {
  bubble ??= makeBubble();
  bubble.replaceChildren(document.createTextNode(text));
  if (keys !== '') {
    const key = document.createElement('kbd');
    key.textContent = keys;
    bubble.append(' ', key);
  }
  document.body.append(bubble);
  owner = element;
  const box = boxOf(element);
  const size = boxOf(bubble);
  const area = windowSize();
  const below = box.bottom + 6 + size.height < area.height;
  const left = Math.min(Math.max(6, box.left + box.width / 2 - size.width / 2), area.width - size.width - 6);
  bubble.style.left = `${Math.round(left)}px`;
  bubble.style.top = `${Math.round(below ? box.bottom + 6 : box.top - size.height - 6)}px`;
}

function makeBubble(): HTMLElement {
  const element = document.createElement('div');
  element.className = 'tooltip-bubble';
  element.setAttribute('role', 'tooltip');
  return element;
}

/**
 * Attaches a tooltip.
 *
 * @param text what to say; empty for none
 * @param keys shortcut to show beside it
 */
export function tooltip(text: string, keys = ''): Attachment {
  return (element) => {
    const enter = (): void => {
      window.clearTimeout(timer);
      if (text !== '') {
        timer = window.setTimeout(() => show(element, text, keys), DELAY_MS);
      }
    };
    const focus = (): void => {
      if (element.matches(':focus-visible')) {
        enter();
      }
    };
    element.addEventListener('pointerenter', enter);
    element.addEventListener('pointerleave', hide);
    element.addEventListener('pointerdown', hide);
    element.addEventListener('focus', focus);
    element.addEventListener('blur', hide);
    return () => {
      if (owner === element) {
        hide();
      }
      element.removeEventListener('pointerenter', enter);
      element.removeEventListener('pointerleave', hide);
      element.removeEventListener('pointerdown', hide);
      element.removeEventListener('focus', focus);
      element.removeEventListener('blur', hide);
    };
  };
}
