/**
 * Which calls may be sent again when the service died before it answered.
 *
 * Reading changes nothing; edits carry ids made by the page, so the store applies them once; settings, `models.use` and the like end in the same
 * state however often they are sent. Everything else (undo, starting a job, importing) could happen twice: those are answered with an
 * error that asks the person to look first.
 */
import type { InvokeName } from '#core/contract/invoke';

const NOT_TWICE: ReadonlySet<string> = new Set<InvokeName>([
  'project.create',
  'project.restoreBackup',
  'videos.makeProxy',
  'history.undo',
  'history.redo',
  'history.restore',
  'train.start',
  'predict.start',
  'jobs.retry',
  'jobs.resume',
  'formats.import',
  'engines.install',
  'weights.fetch',
]);

/** Whether sending a call a second time does no more than sending it once. */
export function canResend(name: unknown): boolean {
  return typeof name === 'string' && !NOT_TWICE.has(name);
}
