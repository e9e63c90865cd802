/**
 * A studio that edits, trains and predicts until it is killed; says on standard output what was acknowledged. Started by `killRounds.ts`.
 */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromErrorInfo } from '#core/contract/errors';
import type { InvokeInput, InvokeName, InvokeResults } from '#core/contract/invoke';
import { callHandler } from '#core/contract/wrap';
import { createRandom } from '#core/util/random';
import { createService } from '#service/index';
import { openProject } from '#service/store/store';
import { randomEdit } from './randomEdits.ts';

const [dir = '', dataDir = '', seed = '1'] = process.argv.slice(2);
const service = await createService({
  dataDir,
  shell: 'browser',
  mediaBase: '/media',
  workerFile: fileURLToPath(new URL('./scriptedWorker.ts', import.meta.url)),
});

async function call<K extends InvokeName>(name: K, args: InvokeInput<K>): Promise<InvokeResults[K]> {
  const envelope = await callHandler(service.handlers, name, args);
  if (!envelope.ok) throw fromErrorInfo(envelope.error);
  return envelope.result as InvokeResults[K];
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const project = await call('project.open', { dir });
if (project.readOnlyReason !== null) throw new Error(project.readOnlyReason);
for (const job of await call('jobs.list', {})) {
  if (job.state === 'interrupted' && job.resumable) {
    await call('jobs.resume', { id: job.id });
    say(`resumed ${job.id}`);
  }
}
say('ready');

const random = createRandom(Number(seed));
// A second connection reads what edits refer to, as a window would know it.
const view = openProject(dir, { readOnly: true });
const videoIds = view.videos.all().map((video) => video.id);
const segmentIds = videoIds.flatMap((id) => view.document.segmentsOfVideo(id).map((segment) => segment.id));
for (let serial = 0; ; serial += 1) {
  const kind = random.next();
  try {
    if (kind < 0.75) {
      const predictionIds = (await call('review.queue', { limit: 20 })).items.map((item) => item.id);
      const edit = randomEdit(
        { reader: view.document, videoIds, predictionIds, segmentIds },
        random,
        Number(seed) * 100_000 + serial,
      );
      say(`ack ${(await call('document.edit', { edit })).revision}`);
    } else if (kind < 0.85) say(`ack ${(await call('history.undo', {})).revision}`);
    else if (kind < 0.9) say(`ack ${(await call('history.redo', {})).revision}`);
    else {
      const jobs = await call('jobs.list', {});
      if (!jobs.some((job) => job.kind === 'train' && ['queued', 'running', 'paused'].includes(job.state))) {
        say(`train ${(await call('train.start', { expert: { encoder: 'script:12:8' } })).id}`);
      } else if ((await call('models.list', {})).length > 0) {
        await call('predict.start', {});
      }
    }
  } catch {
    // A refused edit is an answer, too.
  }
  await sleep(random.integer(4));
}
