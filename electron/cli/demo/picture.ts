/**
 * A picture of predicted against true segments on testing videos: one HTML file with SVG inside, readable without anything else.
 */
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { temporalIou } from '#core/annotation/segment';

/** One video's rows. */
export interface PictureVideo {
  readonly name: string;
  readonly durationSec: number;
  readonly truth: readonly LabelledSegment[];
  readonly frozen: readonly ScoredSegment[];
  readonly lofi: readonly ScoredSegment[];
}

/** One line of the table above the videos: mAP as fractions. */
export interface PictureScore {
  readonly name: string;
  readonly map: Readonly<Record<string, number>>;
  readonly averageMap: number;
}

/** The whole picture. */
export interface PictureInput {
  readonly title: string;
  readonly text: string;
  readonly scores: readonly PictureScore[];
  readonly videos: readonly PictureVideo[];
  readonly colours: Readonly<Record<string, string>>;
}

const WIDTH = 1000;
const LEFT = 90;
const ROW = 16;
const GAP = 4;
/** Room for the outline of the first row. */
const TOP = 1;
/** Share of overlap from which a prediction counts as right. */
const RIGHT = 0.5;
const COLUMNS = ['0.50', '0.75', '0.95'] as const;

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** As many of the best predictions as there are true segments: what a person would be shown first. */
function best(predictions: readonly ScoredSegment[], count: number): ScoredSegment[] {
  return [...predictions].sort((a, b) => b.score - a.score).slice(0, count);
}

/** Overlap with the true segment of the same label that it meets best. */
function bestOverlap(segment: LabelledSegment, truth: readonly LabelledSegment[]): number {
  const same = truth.filter(({ label }) => label === segment.label);
  return Math.max(0, ...same.map((each) => temporalIou(each, segment)));
}

function bars(
  segments: readonly (LabelledSegment & { readonly score?: number })[],
  truth: readonly LabelledSegment[],
  top: number,
  scale: number,
  colours: PictureInput['colours'],
): string {
  return segments
    .map((segment) => {
      const overlap = bestOverlap(segment, truth);
      const x = LEFT + segment.startSec * scale;
      const width = Math.max(1, (segment.endSec - segment.startSec) * scale);
      const figures =
        segment.score === undefined ? '' : `, score ${segment.score.toFixed(2)}, tIoU ${overlap.toFixed(2)}`;
      const title = `${segment.label} ${segment.startSec.toFixed(2)}–${segment.endSec.toFixed(2)} s${figures}`;
      const isWrong = segment.score !== undefined && overlap < RIGHT;
      const style = isWrong ? 'fill-opacity="0.25" stroke-dasharray="3 2"' : 'fill-opacity="0.85"';
      const colour = colours[segment.label] ?? '#888888';
      return `<rect x="${x.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${ROW}" rx="2" fill="${colour}" stroke="${colour}" ${style}><title>${escape(title)}</title></rect>`;
    })
    .join('');
}

/** True segments that some prediction of the same label meets. */
function foundCount(predictions: readonly LabelledSegment[], truth: readonly LabelledSegment[]): number {
  return truth.filter((segment) => bestOverlap(segment, predictions) >= RIGHT).length;
}

function videoSvg(video: PictureVideo, colours: PictureInput['colours']): string {
  const { truth } = video;
  const scale = (WIDTH - LEFT - 10) / video.durationSec;
  const shown = { frozen: best(video.frozen, truth.length), lofi: best(video.lofi, truth.length) };
  const rows = [
    ['true', truth],
    ['frozen', shown.frozen],
    ['LoFi', shown.lofi],
  ] as const;
  const height = TOP + rows.length * (ROW + GAP) + 20;
  const body = rows
    .map(([name, segments], index) => {
      const top = TOP + index * (ROW + GAP);
      return `<text x="${LEFT - 8}" y="${top + 12}" text-anchor="end">${name}</text><rect x="${LEFT}" y="${top}" width="${WIDTH - LEFT - 10}" height="${ROW}" class="lane"/>${bars(segments, truth, top, scale, colours)}`;
    })
    .join('');
  const ticks = Array.from({ length: Math.floor(video.durationSec / 10) + 1 }, (_, tick) => {
    const x = LEFT + tick * 10 * scale;
    const anchor = x > WIDTH - 20 ? 'end' : 'middle';
    return `<text x="${Math.min(x, WIDTH - 2).toFixed(1)}" y="${height - 4}" text-anchor="${anchor}" class="tick">${tick * 10} s</text>`;
  }).join('');
  const found = `${truth.length} segments; found: frozen ${foundCount(shown.frozen, truth)}, LoFi ${foundCount(shown.lofi, truth)}`;
  return `<h2>${escape(video.name)} <small>${found}</small></h2><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(`${video.name}: ${found}`)}">${body}${ticks}</svg>`;
}

function scoreTable(scores: readonly PictureScore[]): string {
  const percent = (value: number | undefined): string => ((value ?? 0) * 100).toFixed(1);
  const rows = scores.map(
    ({ name, map, averageMap }) =>
      `<tr><th scope="row">${escape(name)}</th>${COLUMNS.map((key) => `<td>${percent(map[key])}</td>`).join('')}<td><b>${percent(averageMap)}</b></td></tr>`,
  );
  const head = COLUMNS.map((key) => `<th scope="col">${key.replace(/^0(\.\d)0$|^0/, '$1')}</th>`).join('');
  return `<table><tr><th scope="col">mAP in % at tIoU</th>${head}<th scope="col">.5:.95</th></tr>${rows.join('')}</table>`;
}

/** The file's text. */
export function segmentsPicture(input: PictureInput): string {
  const legend = Object.entries(input.colours)
    .map(([label, colour]) => `<span><i style="background:${colour}"></i>${escape(label)}</span>`)
    .join('');
  const videos = input.videos.map((video) => videoSvg(video, input.colours)).join('\n');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escape(input.title)}</title>
<style>
body { font: 14px system-ui, sans-serif; margin: 2rem auto; max-width: 1040px; padding: 0 1rem; color: #1c1f23; background: #fff; }
h1 { font-size: 1.3rem; } h2 { font-size: 0.95rem; margin: 1.2rem 0 0.2rem; font-weight: 600; }
svg { width: 100%; display: block; } text { font: 11px system-ui, sans-serif; fill: #555; } .tick { fill: #888; }
small { font-weight: 400; color: #6b7075; } th { text-align: left; font-weight: 500; padding-right: 1.2rem; } td { padding-right: 1.2rem; font-variant-numeric: tabular-nums; }
.lane { fill: #f1f2f4; } .legend span { margin-right: 1rem; white-space: nowrap; }
.legend i { display: inline-block; width: 0.8em; height: 0.8em; border-radius: 2px; margin-right: 0.3em; }
@media (prefers-color-scheme: dark) { body { color: #e6e8eb; background: #16181b; } .lane { fill: #24272c; } text { fill: #aaa; } small { color: #9aa0a6; } }
</style>
<h1>${escape(input.title)}</h1>
<p>${escape(input.text)}</p>
${scoreTable(input.scores)}
<p>Of each model the best-scored predictions are drawn, as many as there are true segments. Solid: overlaps a true segment of its label by half or more (tIoU). Dashed: does not.</p>
<p class="legend">${legend}</p>
${videos}
</html>
`;
}
