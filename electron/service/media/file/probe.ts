/**
 * What a file is: the answer to `probe`. Facts come from the frame index, not from the container's header.
 */
import { avGetCodecName } from 'node-av/lib';
import type { BadgeInfo, Rational } from '#core/contract/info';
import { buildIndex, type FrameIndex } from '#service/media/index/frameIndex';
import { displayedSize } from '#service/media/decode/picture';
import { openSource, type Source } from './source.ts';

/** Facts about a video file. */
export interface ProbeInfo {
  readonly path: string;
  readonly container: string;
  readonly codec: string;
  /** As displayed: rotation applied. */
  readonly width: number;
  readonly height: number;
  /** Clockwise turn that is applied, in degrees. */
  readonly rotation: number;
  /** Width of a pixel over its height, `"num/den"`. */
  readonly pixelAspect: string;
  /** From the start of the first frame to the end of the last. */
  readonly durationSec: number;
  readonly frameCount: number;
  /** `"num/den"`. */
  readonly avgFps: string;
  /** `"num/den"`, seconds a tick. */
  readonly timeBase: string;
  readonly isVfr: boolean;
  readonly hasAudio: boolean;
  /** Whether Chromium plays the file itself, and can jump in it. */
  readonly playable: boolean;
  readonly badges: readonly BadgeInfo[];
  readonly warnings: readonly { readonly kind: string; readonly message: string; readonly where: string }[];
  /** Integers in `timeBase`, presentation order. */
  readonly pts: readonly number[];
}

const text = ({ num, den }: Rational): string => `${num}/${den}`;

/** FFmpeg lists aliases (`mov,mp4,m4a,…`); the file's own ending picks one where it is among them. */
function containerName(source: Source): string {
  const names = (source.format.iformat?.name ?? 'unknown').split(',');
  const ending = source.path.slice(source.path.lastIndexOf('.') + 1).toLowerCase();
  const other: Readonly<Record<string, string>> = {
    mkv: 'matroska',
    ts: 'mpegts',
    m4v: 'mp4',
    mts: 'mpegts',
    m2ts: 'mpegts',
  };
  return names.find((name) => name === ending || name === other[ending]) ?? names[0] ?? 'unknown';
}

/** Facts from an open file and its index. */
export function describeSource(source: Source, index: FrameIndex): ProbeInfo {
  const { codecpar } = source.stream;
  const size = displayedSize(codecpar.width, codecpar.height, source.orientation);
  const codec = avGetCodecName(codecpar.codecId) ?? 'unknown';
  const container = containerName(source);
  const playedKind =
    (['mp4', 'mov', 'm4v'].includes(container) && ['h264', 'vp9', 'av1'].includes(codec)) ||
    (['webm', 'matroska'].includes(container) && ['vp8', 'vp9', 'av1', 'h264'].includes(codec));
  const playable = playedKind && !index.badges.some((badge) => badge.kind === 'unplayable');
  const first = index.pts[0]!;
  return {
    path: source.path,
    container,
    codec,
    ...size,
    rotation: source.orientation.degrees,
    pixelAspect: text(source.pixelAspect),
    durationSec: ((index.endPts - first) * index.timeBase.num) / index.timeBase.den,
    frameCount: index.pts.length,
    avgFps: text(index.averageRate),
    timeBase: text(index.timeBase),
    isVfr: index.isVfr,
    hasAudio: source.hasAudio,
    playable,
    badges: index.badges,
    warnings: index.badges.map((badge) => ({
      kind: badge.kind,
      message: badge.text,
      where: badge.fromSec === undefined ? '' : `${badge.fromSec} s to ${badge.toSec ?? badge.fromSec} s`,
    })),
    pts: Array.from(index.pts),
  };
}

/**
 * Reads a file once and says what it is.
 *
 * @throws StudioError `bad-input` naming the file
 */
export async function probeVideo(
  path: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<ProbeInfo> {
  const source = openSource(path);
  try {
    return describeSource(
      source,
      buildIndex(source, () => openSource(path), signal),
    );
  } finally {
    source.close();
  }
}
