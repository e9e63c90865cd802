/**
 * Decoded frame → upright uint8 RGB of a wanted size, scaled inside FFmpeg with the frame's own matrix and range.
 */
import {
  AV_FRAME_FLAG_INTERLACED,
  AV_PIX_FMT_RGB24,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_RGB,
  SWS_AREA,
  SWS_BICUBIC,
} from 'node-av/constants';
import { Frame, SoftwareScaleContext } from 'node-av/lib';
import { StudioError } from '#core/contract/errors';
import type { Rational } from '#core/contract/info';
import type { Orientation } from '#service/media/file/source';

/** `square-crop`: short side to `side`, then the middle; `stretch`: both sides to `side`, whatever the shape. */
export type Fit = 'square-crop' | 'stretch';

/** An upright picture, uint8 RGB `[height, width, 3]`. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Where a picture is scaled to before it is turned and cropped. */
interface Plan {
  readonly width: number;
  readonly height: number;
}

/** Scales and turns frames. One at a time; not shared between threads. */
export interface PictureMaker {
  /** Whether frames are stored as they are shown. */
  readonly isUpright: boolean;
  /** Writes `side × side × 3` bytes at `offset`. */
  square(frame: Frame, side: number, fit: Fit, into: Uint8Array, offset: number): void;
  /** The whole frame, upright, at its own size. */
  full(frame: Frame): RgbPicture;
  /** Size as displayed: upright, pixels made square, shrunk to fit into a box but never enlarged. */
  sizeWithin(
    frame: Frame,
    maxWidth: number,
    maxHeight: number,
  ): { readonly width: number; readonly height: number };
  /** Upright, scaled to fit into a box. */
  fitted(frame: Frame, width: number, height: number): RgbPicture;
  /** Upright, exactly so large, whatever the shape. */
  exactly(frame: Frame, width: number, height: number): Uint8Array;
  close(): void;
}

/** Size on the screen. */
export function displayedSize(
  width: number,
  height: number,
  orientation: Orientation,
): { width: number; height: number } {
  return orientation.a === 0 ? { width: height, height: width } : { width, height };
}

/** A maker of pictures for one video. */
export function createPictureMaker(orientation: Orientation, pixelAspect: Rational): PictureMaker {
  const scaler = new SoftwareScaleContext();
  scaler.allocContext();
  const target = new Frame();
  target.alloc();
  let targetWidth = 0;
  let targetHeight = 0;

  const scale = (frame: Frame, plan: Plan): { rows: Buffer; stride: number } => {
    if (plan.width !== targetWidth || plan.height !== targetHeight) {
      target.unref();
      target.width = plan.width;
      target.height = plan.height;
      target.format = AV_PIX_FMT_RGB24;
      if (target.getBuffer(0) < 0)
        throw new StudioError('out-of-memory', 'There is no memory for a picture.');
      [targetWidth, targetHeight] = [plan.width, plan.height];
      const shrinks = plan.width * 2 < frame.width && plan.height * 2 < frame.height;
      scaler.setOption('sws_flags', shrinks ? SWS_AREA : SWS_BICUBIC);
    }
    // Fields are scaled together, as the ffmpeg command does; else each would be filtered on its own and combs stay.
    frame.clearFlags(AV_FRAME_FLAG_INTERLACED);
    target.copyProps(frame);
    target.colorSpace = AVCOL_SPC_RGB;
    target.colorRange = AVCOL_RANGE_JPEG;
    const code = scaler.scaleFrameSync(target, frame);
    const rows = target.data?.[0];
    if (code < 0 || rows === undefined)
      throw new StudioError('damaged', `A frame could not be converted (${code}).`);
    return { rows, stride: target.linesize[0] ?? 0 };
  };

  /** Copies a window of the upright picture out of the stored one. */
  const upright = (
    rows: Uint8Array,
    stride: number,
    plan: Plan,
    left: number,
    top: number,
    width: number,
    height: number,
    into: Uint8Array,
    offset: number,
  ): void => {
    const { a, b, c, d } = orientation;
    if (a === 1 && d === 1) {
      for (let y = 0; y < height; y += 1) {
        const from = (top + y) * stride + left * 3;
        into.set(rows.subarray(from, from + width * 3), offset + y * width * 3);
      }
      return;
    }
    // The inverse of a turn or flip is its transpose; one sum moves the corner back to the origin.
    const x0 = a + b < 0 ? plan.width - 1 : 0;
    const y0 = c + d < 0 ? plan.height - 1 : 0;
    let to = offset;
    for (let y = top; y < top + height; y += 1) {
      for (let x = left; x < left + width; x += 1) {
        const from = (y0 + c * x + d * y) * stride + (x0 + a * x + b * y) * 3;
        into[to] = rows[from]!;
        into[to + 1] = rows[from + 1]!;
        into[to + 2] = rows[from + 2]!;
        to += 3;
      }
    }
  };

  const whole = (frame: Frame, plan: Plan): RgbPicture => {
    const { rows, stride } = scale(frame, plan);
    const size = displayedSize(plan.width, plan.height, orientation);
    const rgb = new Uint8Array(size.width * size.height * 3);
    upright(rows, stride, plan, 0, 0, size.width, size.height, rgb, 0);
    return { ...size, rgb };
  };

  return {
    isUpright: orientation.a === 1 && orientation.d === 1,
    square: (frame, side, fit, into, offset) => {
      let plan: Plan = { width: side, height: side };
      if (fit === 'square-crop') {
        const shownWidth = (frame.width * pixelAspect.num) / pixelAspect.den;
        const factor = side / Math.min(shownWidth, frame.height);
        plan = {
          width: Math.max(side, Math.round(shownWidth * factor)),
          height: Math.max(side, Math.round(frame.height * factor)),
        };
      }
      const { rows, stride } = scale(frame, plan);
      const size = displayedSize(plan.width, plan.height, orientation);
      const left = (size.width - side) >> 1;
      const top = (size.height - side) >> 1;
      upright(rows, stride, plan, left, top, side, side, into, offset);
    },
    full: (frame) => whole(frame, { width: frame.width, height: frame.height }),
    sizeWithin: (frame, maxWidth, maxHeight) => {
      const shown = displayedSize(
        (frame.width * pixelAspect.num) / pixelAspect.den,
        frame.height,
        orientation,
      );
      const factor = Math.min(1, maxWidth / shown.width, maxHeight / shown.height);
      return {
        width: Math.max(1, Math.round(shown.width * factor)),
        height: Math.max(1, Math.round(shown.height * factor)),
      };
    },
    fitted: (frame, boxWidth, boxHeight) => {
      const turned = displayedSize(boxWidth, boxHeight, orientation);
      const shownWidth = (frame.width * pixelAspect.num) / pixelAspect.den;
      const factor = Math.min(turned.width / shownWidth, turned.height / frame.height);
      return whole(frame, {
        width: Math.max(1, Math.round(shownWidth * factor)),
        height: Math.max(1, Math.round(frame.height * factor)),
      });
    },
    exactly: (frame, width, height) => whole(frame, displayedSize(width, height, orientation)).rgb,
    close: () => {
      scaler.freeContext();
      target.free();
    },
  };
}
