/**
 * How large everything is drawn. The design is made for 1280 × 720 to 2560 × 1440 pixels; a screen with more of them whose system enlarges nothing
 * would show it too small to read, so the page is zoomed there. What a browser or the View menu enlarges comes on top.
 *
 * Styles and sizes of elements are in the page's own pixels; what pointers and boxes say is in the window's, and is turned here.
 */

/** The size of screen that the design fills at its plain size, and the smallest window that it fits into. */
const FILLED = { width: 2560, height: 1440 };
const LEAST = { width: 1280, height: 720 };

/**
 * How many times its plain size everything is drawn on such a screen in such a window: a multiple of a quarter, at least 1.
 *
 * @param screen size of the whole screen in the system's pixels
 * @param area of the window
 */
function scaleFor(
  screen: { readonly width: number; readonly height: number },
  area: { readonly width: number; readonly height: number },
): number {
  const wanted = Math.min(screen.width / FILLED.width, screen.height / FILLED.height);
  const room = Math.min(area.width / LEAST.width, area.height / LEAST.height);
  return Math.max(1, Math.floor(4 * Math.min(wanted, room)) / 4);
}

let scale = 1;

function update(): void {
  const root = document.documentElement;
  // Older browsers count pixels in another way while zoomed: there everything stays at its plain size.
  if ('currentCSSZoom' in root) {
    scale = scaleFor(window.screen, { width: window.innerWidth, height: window.innerHeight });
    root.style.zoom = String(scale);
    root.style.setProperty('--scale', String(scale));
  }
}
// Before anything is measured, and whenever the window changes or moves to another screen.
update();
window.addEventListener('resize', update);

/** How many times its plain size everything is drawn now. */
export function scaleNow(): number {
  return scale;
}

/** Size of the window, in the page's pixels. */
export function windowSize(): { readonly width: number; readonly height: number } {
  return { width: window.innerWidth / scale, height: window.innerHeight / scale };
}

/** Where a pointer is in the window, in the page's pixels. */
export function pointerPlace(event: MouseEvent): { readonly x: number; readonly y: number } {
  return { x: event.clientX / scale, y: event.clientY / scale };
}

/** Where a pointer is, seen from an element's upper left corner. */
export function placeIn(element: Element, event: MouseEvent): { readonly x: number; readonly y: number } {
  const box = boxOf(element);
  const { x, y } = pointerPlace(event);
  return { x: x - box.x, y: y - box.y };
}

/** Where an element is in the window, in the page's pixels. */
export function boxOf(element: Element): DOMRect {
  const { x, y, width, height } = element.getBoundingClientRect();
  return new DOMRect(x / scale, y / scale, width / scale, height / scale);
}
