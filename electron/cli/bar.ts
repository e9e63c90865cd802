/**
 * Progress in one line, and durations in words, for every command.
 */

const CELLS = 24;

/** `1 h 02 min`, `3 min 20 s`, `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `[██████░░░░]  42 %  Stage 2 of 3, epoch 4/16, 3 min 20 s left` */
export function progressLine(fraction: number, text: string, secondsLeft: number | null): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * CELLS);
  const percent = `${Math.floor(fraction * 100)}`.padStart(3);
  const left = secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`;
  return `[${'█'.repeat(full)}${'░'.repeat(CELLS - full)}] ${percent} %  ${text}${left}`;
}

/** A reporter for a step that counts: estimates the time left from its own pace. */
export function countedBar(
  print: (line: string) => void,
  text: string,
  unit: string,
): (done: number, total: number) => void {
  const began = performance.now();
  return (done, total) => {
    const elapsed = (performance.now() - began) / 1000;
    const left = elapsed > 1 && done > 0 ? (elapsed * (total - done)) / done : null;
    print(progressLine(total > 0 ? done / total : 1, `${text}, ${done}/${total} ${unit}`, left));
  };
}
