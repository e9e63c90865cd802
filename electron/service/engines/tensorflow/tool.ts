/**
 * Runs an outside program (pip, the compiler) to its end, with its last words in the error.
 */
import { spawn } from 'node:child_process';
import { StudioError } from '#core/contract/errors';

const KEPT_CHARACTERS = 4000;

/**
 * Runs a program. @param env on top of this process's @returns the end of its standard output
 * @throws StudioError `cancelled` when the signal fires, `engine-unavailable` when it cannot start or ends with an error
 */
export function runTool(
  program: string,
  parameters: readonly string[],
  { signal, env = {} }: { readonly signal: AbortSignal; readonly env?: Readonly<Record<string, string>> },
): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    let errors = '';
    const child = spawn(program, parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      signal,
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_CHARACTERS);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-KEPT_CHARACTERS);
    });
    child.once('error', (cause) => {
      reject(
        signal.aborted
          ? new StudioError('cancelled', 'The installation was cancelled. What was downloaded whole is kept.')
          : new StudioError(
              'engine-unavailable',
              `${program} does not start: ${cause.message}`,
              { program },
              { cause },
            ),
      );
    });
    child.once('close', (code) => {
      if (code === 0) {
        resolve(output);
      } else if (!signal.aborted) {
        const words = errors.trim().split('\n').slice(-5).join('\n');
        reject(
          new StudioError('engine-unavailable', `${program} ended with code ${code ?? 'none'}: ${words}`, {
            program,
          }),
        );
      }
    });
  });
}
