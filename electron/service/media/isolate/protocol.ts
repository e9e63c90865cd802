/**
 * What the service and its decoding processes say to each other. Everything that touches a video file's bytes happens on the far side.
 */
import type { ErrorInfo } from '#core/contract/errors';
import type { StillFormat } from '#service/media/derive/images';
import type { ProbeInfo } from '#service/media/file/probe';

/** A video as a decoding process needs it. */
export interface VideoFile {
  readonly path: string;
  readonly contentHash: string;
  /** Folder of frame indexes. */
  readonly indexFolder: string;
}

/** A picture that travels back. */
export interface Still {
  readonly width: number;
  readonly height: number;
  readonly pts: number;
  readonly data: Uint8Array;
  /** How long making it took, without waiting for other pictures; 0 where it was there already. */
  readonly tookMs: number;
}

/** Calls by name: what goes and what comes. */
export interface DecodeCalls {
  /** Makes the index file unless it is there; says what the video is, without PTS. */
  probe: { readonly args: VideoFile; readonly result: ProbeInfo };
  frame: {
    readonly args: VideoFile & {
      readonly frame: number;
      readonly format: StillFormat;
      /** Shrinks to fit; 0 keeps the size. */
      readonly maxWidth: number;
      readonly maxHeight: number;
      /**
       * `shown`: a person waits for it, and what is around it is made ahead afterwards; `likely`: they may ask for it next, so it is made in parts and
       * put off for any other request; `once`: nothing follows.
       */
      readonly purpose: 'shown' | 'likely' | 'once';
      /** Where the person is, for likely frames. */
      readonly at?: number;
      /** Frames that may follow this one: kept where they are passed on the way. */
      readonly also?: readonly number[];
    };
    readonly result: Still;
  };
  sheet: {
    readonly args: VideoFile & { readonly densitySec: number; readonly sheet: number };
    readonly result: Uint8Array;
  };
  peaks: { readonly args: VideoFile; readonly result: Uint8Array };
  proxy: {
    readonly args: VideoFile & {
      readonly out: string;
      /** The copy is given up when it becomes larger. */
      readonly maxBytes: number;
    };
    readonly result: { readonly frames: number };
  };
  /** Hash of every byte, at the least priority. */
  fullHash: { readonly args: { readonly path: string }; readonly result: string };
  /** Closes files that are kept open. */
  forget: { readonly args: Record<string, never>; readonly result: null };
}

export type DecodeCallName = keyof DecodeCalls;

/** Service → process. */
export interface DecodeRequest {
  readonly id: number;
  readonly name: DecodeCallName;
  readonly args: unknown;
}

/** Service → process: something else is more urgent than this request. */
export interface PutOff {
  readonly putOff: number;
}

/** Process → service. */
export type DecodeReply =
  /** The process has started; only now does silence count. */
  | { readonly type: 'ready' }
  | { readonly type: 'beat'; readonly id: number; readonly share: number }
  /** The request was left where it was, as `PutOff` asked. */
  | { readonly type: 'put-off'; readonly id: number }
  | { readonly type: 'done'; readonly id: number; readonly result: unknown; readonly rssBytes: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorInfo; readonly rssBytes: number };
