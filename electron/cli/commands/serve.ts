/**
 * `serve [DIR]`: the studio in a browser, on this machine only, until Ctrl-C.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import { startWebStudio } from '#web/studio';
import type { CliContext } from '#cli/context';

const LARGEST_PORT = 65_535;

/** The person's browser, on whatever system. */
function openInBrowser(url: string, log: (text: string) => void): void {
  const [command, args]: readonly [string, readonly string[]] =
    process.platform === 'win32'
      ? ['rundll32', ['url.dll,FileProtocolHandler', url]]
      : process.platform === 'darwin'
        ? ['open', [url]]
        : ['xdg-open', [url]];
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => log(`No browser could be started; open this address yourself: ${url}`));
  child.unref();
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > LARGEST_PORT) {
    throw new StudioError('wrong-usage', `--port takes a number from 0 to ${LARGEST_PORT}, not "${text}".`);
  }
  return port;
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('serve')
    .description('the studio in a browser on this machine only')
    .argument('[dir]', 'project to open, or folder to make one in')
    .option('--port <n>', 'port on 127.0.0.1 (default: any free one)', '0')
    .option('--open', 'open the browser')
    .option('--json', 'first line on standard output: {"url": …}')
    .action(async (dir: string | undefined, options: { port: string; open?: true; json?: true }) => {
      const studio = await startWebStudio({
        project: dir === undefined ? null : path.resolve(dir),
        port: parsePort(options.port),
        log: (line) => context.log(line),
      });
      if (options.json === true) context.out({ url: studio.url });
      else
        process.stdout.write(`LoFi Studio: ${studio.url}\nOnly this machine can open it. Ctrl-C ends it.\n`);
      if (options.open === true) openInBrowser(studio.url, (text) => context.log(text));
      await new Promise<void>((resolve) => {
        if (context.signal.aborted) resolve();
        else context.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await studio.close();
    });
}
