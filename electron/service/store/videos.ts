/**
 * Videos: referenced where they are, never copied; found again by content hash.
 *
 * A removed video keeps its row and its annotation: adding the same file again brings both back.
 */
import fs from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { StudioError } from '#core/contract/errors';
import type { BadgeInfo, Page, Rational, Subset, VideoInfo } from '#core/contract/info';
import type { DocumentVideo } from '#core/annotation/document';
import type { Connection, SqlParameters } from './connection.ts';

/** What probing, indexing and hashing found out about a file. */
export interface NewVideo {
  readonly path: string;
  readonly contentHash: string;
  readonly bytes: number;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly durationSec: number;
  readonly frameCount: number;
  readonly timeBase: Rational;
  readonly averageRate: Rational;
  /** PTS of the first frame. */
  readonly startPts: number;
  /** PTS at which the last frame ends; by default from the duration. */
  readonly endPts?: number;
  readonly hasAudio: boolean;
  readonly playable: boolean;
  readonly badges: readonly BadgeInfo[];
  readonly subset?: Subset;
  /** Made up where absent. */
  readonly id?: string;
}

/** How a page of videos is asked for. */
export interface VideoQuery {
  readonly offset: number;
  readonly limit: number;
  readonly search: string;
  readonly sort: 'name' | 'added' | 'duration' | 'segments' | 'predictions' | 'covered';
  readonly descending: boolean;
  readonly subset: Subset | null;
  readonly filter: 'all' | 'unlabelled' | 'to-review' | 'problems';
}

/** A row of `videos`. */
export interface VideoRow {
  readonly no: number;
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly relative_path: string;
  readonly content_hash: string;
  readonly bytes: number;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly duration_sec: number;
  readonly frame_count: number;
  readonly time_base_num: number;
  readonly time_base_den: number;
  readonly average_rate_num: number;
  readonly average_rate_den: number;
  readonly start_pts: number;
  readonly end_pts: number;
  readonly has_audio: number;
  readonly playable: number;
  readonly badges: string;
  readonly subset: Subset;
  readonly covered_share: number;
  readonly segment_count: number;
  readonly added_at: string;
  readonly removed: number;
  readonly open?: number | null;
}

/** Reads and writes of the table. */
export interface VideoTable {
  /** Adds files; one that was removed before comes back with its annotation. @throws StudioError `conflict` when it is there already */
  add(videos: readonly NewVideo[]): VideoInfo[];
  get(id: string): VideoInfo | undefined;
  /** @throws StudioError `not-found` */
  require(id: string): VideoInfo;
  list(query: Partial<VideoQuery>): Page<VideoInfo>;
  all(): VideoInfo[];
  byHash(contentHash: string): VideoInfo | undefined;
  count(): number;
  remove(ids: readonly string[]): void;
  /** Points a video to a file elsewhere. The caller has compared the content hashes. */
  relink(id: string, file: string, badges: readonly BadgeInfo[]): VideoInfo;
  setBadges(id: string, badges: readonly BadgeInfo[]): void;
  /** Whether a file in the list is missing: checks up to `limit` files. */
  document(id: string): DocumentVideo | undefined;
  rowOf(id: string): VideoRow | undefined;
}

const SORTS: Readonly<Record<VideoQuery['sort'], string>> = {
  name: 'v.name COLLATE NOCASE',
  added: 'v.no',
  duration: 'v.duration_sec',
  segments: 'v.segment_count',
  predictions: 'coalesce(p.open, 0)',
  covered: 'v.covered_share',
};

const FROM = `FROM videos v LEFT JOIN video_predictions p
  ON p.video_no = v.no AND p.model_no = (SELECT no FROM models WHERE current = 1)`;
const SELECT = `SELECT v.*, p.open ${FROM}`;

/** The `videos` table. @param dir the project's folder: paths inside it survive a move of the whole folder */
export function createVideoTable(connection: Connection, dir: string): VideoTable {
  const whereFile = (row: VideoRow): string => {
    if (fs.existsSync(row.path)) return row.path;
    const beside = path.resolve(dir, row.relative_path);
    return fs.existsSync(beside) ? beside : row.path;
  };
  const toInfo = (row: VideoRow): VideoInfo => ({
    id: row.id,
    name: row.name,
    path: whereFile(row),
    contentHash: row.content_hash,
    codec: row.codec,
    width: row.width,
    height: row.height,
    durationSec: row.duration_sec,
    frameCount: row.frame_count,
    timeBase: { num: row.time_base_num, den: row.time_base_den },
    averageRate: { num: row.average_rate_num, den: row.average_rate_den },
    startPts: row.start_pts,
    hasAudio: row.has_audio === 1,
    playable: row.playable === 1,
    badges: JSON.parse(row.badges) as BadgeInfo[],
    subset: row.subset,
    segmentCount: row.segment_count,
    predictionCount: row.open ?? 0,
    coveredShare: row.covered_share,
    addedAt: row.added_at,
  });
  const rowOf = (id: string): VideoRow | undefined =>
    connection.get<VideoRow>('SELECT * FROM videos WHERE id = @id AND removed = 0', { id });
  const get = (id: string): VideoInfo | undefined => {
    const row = connection.get<VideoRow>(`${SELECT} WHERE v.id = @id AND v.removed = 0`, { id });
    return row === undefined ? undefined : toInfo(row);
  };
  const require = (id: string): VideoInfo => {
    const video = get(id);
    if (video === undefined)
      throw new StudioError('not-found', `There is no video ${id} in this project.`, { id });
    return video;
  };
  const addOne = (video: NewVideo): string => {
    const known = connection.get<VideoRow>('SELECT * FROM videos WHERE content_hash = @hash', {
      hash: video.contentHash,
    });
    if (known?.removed === 0) {
      throw new StudioError('conflict', `${video.path} is in the project already, as ${known.name}.`, {
        path: video.path,
        id: known.id,
      });
    }
    const values: SqlParameters = {
      id: known?.id ?? video.id ?? randomUUID(),
      name: path.basename(video.path),
      path: path.resolve(video.path),
      relative_path: path.relative(dir, path.resolve(video.path)),
      content_hash: video.contentHash,
      bytes: video.bytes,
      codec: video.codec,
      width: video.width,
      height: video.height,
      duration_sec: video.durationSec,
      frame_count: video.frameCount,
      time_base_num: video.timeBase.num,
      time_base_den: video.timeBase.den,
      average_rate_num: video.averageRate.num,
      average_rate_den: video.averageRate.den,
      start_pts: video.startPts,
      end_pts:
        video.endPts ??
        video.startPts + Math.round((video.durationSec * video.timeBase.den) / video.timeBase.num),
      has_audio: video.hasAudio ? 1 : 0,
      playable: video.playable ? 1 : 0,
      badges: JSON.stringify(video.badges),
      subset: video.subset ?? 'training',
      added_at: new Date().toISOString(),
    };
    if (known === undefined) {
      const names = Object.keys(values);
      connection.run(
        `INSERT INTO videos (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`,
        values,
      );
    } else {
      connection.run(
        'UPDATE videos SET removed = 0, name = @name, path = @path, relative_path = @relative_path, badges = @badges WHERE id = @id',
        {
          id: known.id,
          name: values['name'] ?? null,
          path: values['path'] ?? null,
          relative_path: values['relative_path'] ?? null,
          badges: values['badges'] ?? null,
        },
      );
    }
    return String(values['id']);
  };
  return {
    add: (videos) => connection.transaction(() => videos.map(addOne)).map(require),
    get,
    require,
    rowOf,
    list: (query) => {
      const parameters: Record<string, string | number> = {};
      const where = ['v.removed = 0'];
      if (query.search) {
        where.push("v.name LIKE @search ESCAPE '\\'");
        parameters['search'] = `%${query.search.replace(/[\\%_]/g, '\\$&')}%`;
      }
      if (query.subset) {
        where.push('v.subset = @subset');
        parameters['subset'] = query.subset;
      }
      if (query.filter === 'unlabelled') where.push('v.segment_count = 0 AND v.covered_share = 0');
      if (query.filter === 'to-review') where.push('p.open > 0');
      if (query.filter === 'problems') where.push("v.badges <> '[]'");
      const condition = where.join(' AND ');
      const direction = query.descending ? 'DESC' : 'ASC';
      const order = `${SORTS[query.sort ?? 'name']} ${direction}, v.no ${direction}`;
      const rows = connection.all<VideoRow>(
        `${SELECT} WHERE v.no IN (SELECT v.no ${FROM} WHERE ${condition} ORDER BY ${order} LIMIT @limit OFFSET @offset) ORDER BY ${order}`,
        { ...parameters, offset: query.offset ?? 0, limit: query.limit ?? 200 },
      );
      const count = connection.get<{ count: number }>(
        `SELECT count(*) AS count ${FROM} WHERE ${condition}`,
        parameters,
      );
      return { total: count?.count ?? 0, items: rows.map(toInfo) };
    },
    all: () => connection.all<VideoRow>(`${SELECT} WHERE v.removed = 0 ORDER BY v.no`).map(toInfo),
    byHash: (contentHash) => {
      const row = connection.get<VideoRow>(`${SELECT} WHERE v.content_hash = @hash AND v.removed = 0`, {
        hash: contentHash,
      });
      return row === undefined ? undefined : toInfo(row);
    },
    count: () =>
      connection.get<{ count: number }>('SELECT count(*) AS count FROM videos WHERE removed = 0')?.count ?? 0,
    remove: (ids) => {
      connection.transaction(() => {
        for (const id of ids) {
          require(id);
          connection.run('UPDATE videos SET removed = 1 WHERE id = @id', { id });
        }
      });
    },
    relink: (id, file, badges) => {
      require(id);
      connection.run(
        'UPDATE videos SET path = @path, relative_path = @relative, name = @name, badges = @badges WHERE id = @id',
        {
          id,
          path: path.resolve(file),
          relative: path.relative(dir, path.resolve(file)),
          name: path.basename(file),
          badges: JSON.stringify(badges),
        },
      );
      return require(id);
    },
    setBadges: (id, badges) => {
      connection.run('UPDATE videos SET badges = @badges WHERE id = @id', {
        id,
        badges: JSON.stringify(badges),
      });
    },
    document: (id) => {
      const row = rowOf(id);
      if (row === undefined) return undefined;
      return {
        id,
        name: row.name,
        timeBase: { num: row.time_base_num, den: row.time_base_den },
        averageRate: { num: row.average_rate_num, den: row.average_rate_den },
        startPts: row.start_pts,
        endPts: row.end_pts,
        subset: row.subset,
      };
    },
  };
}
