/** Lines over steps: loss and validation mAP while a training runs, mAP over tIoU, precision over recall. */
import type { PlotOptions } from '@observablehq/plot';
import type { PlotModule } from './plotModule.ts';

/** One point of one line. */
export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly series: string;
  /** Interval around y. */
  readonly low?: number;
  readonly high?: number;
}

/** Words and bounds of the axes. */
export interface LineOptions {
  readonly x: string;
  readonly y: string;
  readonly yDomain?: readonly [number, number];
  readonly xTicks?: readonly number[];
  readonly colours?: Readonly<Record<string, string>>;
  /** Names of series that are drawn with dashes. */
  readonly dashed?: ReadonlySet<string>;
}

/** Colours of lines that are not labels; both readable on dark and on light. */
export const SERIES_COLOURS: Readonly<Record<string, string>> = {
  frozen: '#8b95a4',
  lofi: '#5490f4',
  stage2: '#fc9028',
};
/** For series beside those; all of them are apart for every kind of sight, on light as well, where they are darkened. */
export const FURTHER_COLOURS: readonly string[] = ['#ff36e9', '#af7161'];
const OTHER_COLOURS = ['#5490f4', '#fc9028', '#9cc07c', '#c07cc0', '#8b95a4'];

/** More points than pixels cannot be seen: every line keeps at most this many. */
const MOST_POINTS = 400;

/** Lines with at most a few hundred points each; the last one always stays. */
export function thinned(points: readonly LinePoint[]): readonly LinePoint[] {
  const names = [...new Set(points.map((point) => point.series))];
  return names.flatMap((name) => {
    const line = points.filter((point) => point.series === name);
    const step = Math.ceil(line.length / MOST_POINTS);
    return step <= 1 ? line : line.filter((_, at) => at % step === 0 || at === line.length - 1);
  });
}

/** Options of a line figure. */
export function lineFigure(
  plot: PlotModule,
  points: readonly LinePoint[],
  { x, y, yDomain, xTicks, colours = SERIES_COLOURS, dashed = new Set() }: LineOptions,
): PlotOptions {
  const series = [...new Set(points.map((point) => point.series))];
  const range = series.map((name, i) => colours[name] ?? OTHER_COLOURS[i % OTHER_COLOURS.length]!);
  // Of a single point the axes make numbers with many digits: it gets round ones, and room around it.
  const [xs, ys] = [new Set(points.map((point) => point.x)), new Set(points.map((point) => point.y))];
  const alone = [...ys][0] ?? 0;
  const yBounds = yDomain ?? (ys.size === 1 && alone > 0 ? [0, 2 * alone] : undefined);
  const few = points.length <= 60 * Math.max(1, series.length);
  return {
    color: { domain: series, range, legend: false },
    x: {
      label: x,
      ...(xTicks === undefined ? {} : { ticks: [...xTicks] }),
      ...(xs.size === 1 ? { ticks: [...xs], tickFormat: String } : {}),
    },
    y: {
      label: y === '' ? null : y,
      grid: true,
      nice: true,
      ...(yBounds === undefined ? {} : { domain: [...yBounds] }),
    },
    marks: [
      plot.areaY(
        points.filter((point) => point.low !== undefined),
        { x: 'x', y1: 'low', y2: 'high', fill: 'series', fillOpacity: 0.15 },
      ),
      ...[false, true].map((isDashed) =>
        plot.lineY(
          points.filter((point) => dashed.has(point.series) === isDashed),
          {
            x: 'x',
            y: 'y',
            stroke: 'series',
            strokeWidth: 1.75,
            ...(isDashed ? { strokeDasharray: '4 3' } : {}),
          },
        ),
      ),
      ...(few ? [plot.dot(points, { x: 'x', y: 'y', fill: 'series', r: 2 })] : []),
      plot.tip(
        points,
        plot.pointer({
          x: 'x',
          y: 'y',
          title: (point: LinePoint) => `${point.series}: ${point.y.toFixed(3)}`,
        }),
      ),
    ],
  };
}
