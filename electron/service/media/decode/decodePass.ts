/**
 * One pass of the decoder over a whole file, or from a seek point: packets in, frames in presentation order out, each with an identity that
 * survives seeking.
 *
 * Identity: a decoder carries a packet's PTS to the frame that it makes. Where packets have no PTS (AVI with B-frames), their DTS is put
 * there instead, so that the same frame has the same id however it was reached; the time it is shown at is then the DTS at output
 * (FFmpeg's best-effort timestamp). Where there is neither, the packet's place in the file is the id.
 */
import {
  AV_FRAME_FLAG_CORRUPT,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVDISCARD_DEFAULT,
  AVDISCARD_NONREF,
} from 'node-av/constants';
import { Frame, Packet, type CodecContext } from 'node-av/lib';
import { isDisposable, nalLengthBytes } from '#service/media/index/nalUnits';
import type { Source } from '#service/media/file/source';
import { timestamp } from '#service/media/file/source';

/** What identifies a frame: its packet's PTS, DTS or place in the file. */
export type IdentityKind = 'pts' | 'dts' | 'order';

/** What is known of a decoded frame. */
export interface FrameState {
  /** Decoder's own complaint about this frame. */
  readonly damaged: boolean;
  readonly isKey: boolean;
  /** Time at output, for streams whose packets have no PTS. */
  readonly outputDts: number | null;
}

/** A decoder that can be stopped between frames and continued. */
export interface FrameReader {
  /** Decodes one more frame into `frame`; null at the end of the file. */
  next(): { readonly frame: Frame; readonly id: number; readonly state: FrameState } | null;
  /** From now on frames that are not wanted and that no other frame is built on are not decoded: catching up after a seek takes half the work. */
  skipUnless(isWanted: (id: number) => boolean): void;
  /** How many packets the decoder refused so far. */
  errors(): number;
  close(): void;
}

/**
 * Reads frames from where the demuxer stands.
 *
 */
export function createFrameReader(
  source: Source,
  decoder: CodecContext,
  identity: IdentityKind,
): FrameReader {
  const packet = new Packet();
  const frame = new Frame();
  packet.alloc();
  frame.alloc();
  let order = 0;
  let refused = 0;
  let draining = false;
  let readFailures = 0;
  let isWanted: (id: number) => boolean = () => true;
  let skipping = false;
  const lengthBytes = nalLengthBytes(source);
  const feed = (): void => {
    for (;;) {
      const code = source.format.readFrameSync(packet);
      if (code === AVERROR_EAGAIN) continue;
      if (code < 0) {
        if (code !== AVERROR_EOF) {
          refused += 1;
          readFailures += 1;
          if (readFailures < 50) continue;
        }
        draining = true;
        decoder.sendPacketSync(null);
        return;
      }
      if (packet.streamIndex !== source.streamIndex || packet.size === 0) {
        packet.unref();
        continue;
      }
      if (identity === 'dts') packet.pts = packet.dts;
      else if (identity === 'order') packet.pts = BigInt(order);
      order += 1;
      const skip = !isWanted(Number(packet.pts));
      if (skip && lengthBytes !== null) {
        // Told to skip it, a decoder with several threads still gives the packet one, and the others wait for their turn.
        const { data } = packet;
        if (data !== null && isDisposable(data, lengthBytes)) {
          packet.unref();
          continue;
        }
      } else if (skip !== skipping) {
        decoder.setOption('skip_frame', skip ? AVDISCARD_NONREF : AVDISCARD_DEFAULT);
        skipping = skip;
      }
      if (decoder.sendPacketSync(packet) < 0) refused += 1;
      packet.unref();
      return;
    }
  };
  return {
    next: () => {
      for (;;) {
        const code = decoder.receiveFrameSync(frame);
        if (code >= 0) {
          const raw = frame.pts;
          const id = timestamp(raw) ?? timestamp(frame.bestEffortTimestamp) ?? Number.NaN;
          return {
            frame,
            id,
            state: {
              damaged: frame.decodeErrorFlags !== 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) !== 0,
              isKey: frame.keyFrame !== 0,
              outputDts: timestamp(frame.pktDts),
            },
          };
        }
        if (code === AVERROR_EAGAIN && !draining) feed();
        else if (code === AVERROR_EOF || draining) return null;
        else {
          refused += 1;
          feed();
        }
      }
    },
    skipUnless: (rule) => {
      if (identity === 'pts') isWanted = rule;
    },
    errors: () => refused,
    close: () => {
      if (skipping) decoder.setOption('skip_frame', AVDISCARD_DEFAULT);
      packet.free();
      frame.free();
    },
  };
}
