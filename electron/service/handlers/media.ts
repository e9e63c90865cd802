/**
 * Media of the open project: pictures, ranges and proxies by opaque video id, from `service/media`.
 */
import type http from 'node:http';
import type { LightWork } from '#service/jobs/runners';
import type { Store } from '#service/store/store';

/** What the service uses of the media. */
export interface ServiceMedia {
  readonly respond: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  readonly makeProxy: LightWork;
  close(): Promise<void>;
}

/** The media of whatever project is open. */
export function createServiceMedia(_store: () => Store | null): ServiceMedia {
  return {
    respond: (_request, response) => {
      response.writeHead(404).end();
    },
    makeProxy: () => Promise.reject(new Error('proxy')),
    close: () => Promise.resolve(),
  };
}
