/**
 * The browser shell whole: the service's process under supervision with the loopback server in front of it. `serve` and the end-to-end
 * tests start it.
 */
import { mkdir } from 'node:fs/promises';
import process from 'node:process';
import { StudioError } from '#core/contract/errors';
import { processEntry } from '#service/process/entries';
import { defaultDataDir } from '#service/process/environment';
import { superviseService, type ServiceProcess } from '#service/process/supervisor';
import { clientScript, ensureBuilt, RENDERER_DIR } from './built.ts';
import { newToken } from './security.ts';
import { startWebShell } from './server.ts';

/** What can be chosen. */
export interface WebStudioOptions {
  /** A project to open, or a folder to make one in; null starts on the start screen. */
  readonly project: string | null;
  readonly port: number;
  readonly dataDir?: string;
  readonly log: (line: string) => void;
}

/** A running studio. */
export interface WebStudio {
  readonly url: string;
  readonly service: ServiceProcess;
  readonly close: () => Promise<void>;
}

/** Opens the project, making one where there is none. @throws StudioError what the service says */
async function openProject(service: ServiceProcess, dir: string): Promise<void> {
  let opened = await service.call('project.open', { dir });
  if (!opened.ok && opened.error.code === 'not-found') opened = await service.call('project.create', { dir });
  if (!opened.ok) throw new StudioError(opened.error.code, opened.error.message, opened.error.detail);
}

/** Starts service and server; resolves when the page can be opened. */
export async function startWebStudio(options: WebStudioOptions): Promise<WebStudio> {
  await ensureBuilt(options.log, ['page', 'web']);
  const dataDir = options.dataDir ?? defaultDataDir();
  await mkdir(dataDir, { recursive: true });
  const token = newToken();
  let publish: Awaited<ReturnType<typeof startWebShell>>['publish'] = () => undefined;
  const service = superviseService({
    node: process.execPath,
    entry: processEntry('service'),
    dataDir,
    shell: 'browser',
    mediaBase: `/${token}/media`,
    onEvent: (name, payload) => publish(name, payload),
    onLog: options.log,
  });
  try {
    const shell = await startWebShell({
      token,
      port: options.port,
      rendererDir: RENDERER_DIR,
      clientScript: await clientScript(),
      call: service.call,
      state: service.state,
      mediaSocket: service.mediaSocket,
    });
    publish = shell.publish;
    const close = async (): Promise<void> => {
      await shell.close();
      await service.close();
    };
    try {
      await service.whenReady();
      if (options.project !== null) await openProject(service, options.project);
    } catch (error) {
      await shell.close();
      throw error;
    }
    return { url: shell.url, service, close };
  } catch (error) {
    await service.close();
    throw error;
  }
}
