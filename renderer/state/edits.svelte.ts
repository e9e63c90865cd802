/**
 * Edits on their way to the service: one after the other, kept while the service is away, sent again when it is back.
 *
 * Edits carry ids that the page made, so an edit that arrives twice is applied once; nothing that a person did is lost by a
 * restart of the service, and nothing is done twice.
 */
import type { EditInput } from '#core/contract/edit';
import type { EditResult } from '#core/contract/info';
import { codeOf, invoke } from '../api/studio.ts';
import { studio } from './studio.svelte.ts';

interface Waiting {
  readonly edit: EditInput;
  readonly done: (result: EditResult) => void;
  readonly failed: (error: unknown) => void;
}

class EditsState {
  /** Edits that the service has not acknowledged. */
  waiting = $state(0);
}

/** The outbox. */
export const edits = new EditsState();

const queue: Waiting[] = [];
let last: Promise<unknown> = Promise.resolve();
let sending = false;
const RETRY_MS = 300;

/**
 * Sends an edit, after all earlier ones.
 *
 * @throws StudioError when the service refuses it; never because the service is away
 */
export function sendEdit(edit: EditInput): Promise<EditResult> {
  const answer = new Promise<EditResult>((done, failed) => {
    queue.push({ edit, done, failed });
    edits.waiting = queue.length;
    void sendAll();
  });
  last = answer.catch(() => undefined);
  return answer;
}

/** Waits until every edit so far has its answer: undo must not overtake what it takes back. */
export async function edited(): Promise<void> {
  await last;
}

async function sendAll(): Promise<void> {
  if (sending) {
    return;
  }
  sending = true;
  for (let next = queue[0]; next !== undefined; next = queue[0]) {
    try {
      const result = await invoke('document.edit', { edit: next.edit });
      next.done(result);
    } catch (error) {
      await new Promise((resolve) => window.setTimeout(resolve, isAway() ? RETRY_MS : 0));
      if (isAway() || isLost(error)) {
        await new Promise((resolve) => window.setTimeout(resolve, RETRY_MS));
        continue;
      }
      next.failed(error);
    }
    queue.shift();
    edits.waiting = queue.length;
  }
  sending = false;
}

function isAway(): boolean {
  return studio.connection.state === 'reconnecting' || studio.connection.state === 'failed';
}

/** Whether the call never got an answer; the shells mark this by `detail.disconnected`. */
function isLost(error: unknown): boolean {
  if (codeOf(error) !== 'internal' || typeof error !== 'object' || error === null || !('detail' in error)) {
    return false;
  }
  const { detail } = error;
  return typeof detail === 'object' && detail !== null && 'disconnected' in detail;
}
