/**
 * Entry of the service's process, the same for the desktop program and the browser shell: a plain Node process that owns the database, the media
 * and the jobs, and speaks the contract with the process that started it.
 */
import { createService } from '#service/index';
import { processEntry } from '#service/process/entries';
import { readServiceOptions, serveContract } from '#service/process/serveContract';

await serveContract(readServiceOptions(), (options) =>
  createService({
    dataDir: options.dataDir,
    shell: options.shell,
    mediaBase: options.mediaBase,
    workerFile: processEntry('worker'),
  }),
);
