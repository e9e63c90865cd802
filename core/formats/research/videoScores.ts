/**
 * Scores of whole videos by a classifier of others, which label proposals that know no classes.
 *
 * Two forms: `{label: score}` of one video, and the one of the CUHK team's ActivityNet classifier that G-TAD, BMN and OpenTAD read
 * (`cuhk_val_simp_share.json`): `{"class": [label, …], "results": {video: [score of each class]}}`, videos without `v_`.
 */
import { StudioError } from '#core/contract/errors';
import { JsonNumber, JsonObject, parseJson, type JsonValue } from '#core/formats/shared/json';
import { decodeText } from '#core/formats/shared/text';

/** A video's score of each label, 0–1, in the file's order. */
export interface VideoScores {
  readonly labels: readonly string[];
  readonly scores: readonly number[];
}

type Fail = (message: string) => StudioError;

const scoreOf = (value: JsonValue): number => (value instanceof JsonNumber ? value.value : Number.NaN);

/**
 * Reads the scores of one video.
 * @param video name of the video, with or without `v_`
 * @throws StudioError `bad-input`
 */
export function readVideoScores(bytes: Uint8Array, file: string, video: string): VideoScores {
  const fail: Fail = (message) => new StudioError('bad-input', `${file} ${message}`, { path: file });
  const root = parseJson(decodeText(bytes).text, file);
  if (!(root instanceof JsonObject)) throw fail('should read {"label": score, …} with scores from 0 to 1.');
  const [classes, results] = [root.get('class'), root.get('results')];
  const { labels, scores } =
    Array.isArray(classes) && results instanceof JsonObject
      ? {
          labels: classes.map((each) => stringOf(each, fail)),
          scores: ofVideo(results, video, classes.length, fail),
        }
      : {
          labels: root.entries.map(([label]) => label),
          scores: root.entries.map(([, score]) => scoreOf(score)),
        };
  if (labels.length === 0 || !scores.every((score) => score >= 0 && score <= 1)) {
    throw fail(
      'should hold scores from 0 to 1, as {"label": score, …} or of many videos with their classes.',
    );
  }
  return { labels, scores };
}

function stringOf(value: JsonValue, fail: Fail): string {
  if (typeof value !== 'string') throw fail('has classes that are no names.');
  return value;
}

function ofVideo(results: JsonObject, video: string, classes: number, fail: Fail): number[] {
  const bare = video.replace(/^v_/, '');
  const list = results.get(bare) ?? results.get(`v_${bare}`);
  if (!Array.isArray(list)) {
    throw fail(`has no scores of the video “${video}”. Name the features as the video is named there.`);
  }
  if (list.length !== classes) {
    throw fail(`has ${list.length} scores of the video “${video}” for ${classes} classes.`);
  }
  return list.map(scoreOf);
}
