/**
 * Keeps the machine awake while something runs, where no desktop program does it: by the system's own tool, which lets go by itself when
 * this process ends, however it ends (its standard input closes).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import process from 'node:process';

/** Windows: a thread that says it needs the system, until its input ends. */
const POWERSHELL = `
$api = Add-Type -Name Power -Namespace LoFi -PassThru -MemberDefinition '[DllImport("kernel32.dll")] public static extern uint SetThreadExecutionState(uint state);'
[void]$api::SetThreadExecutionState(0x80000001L)
[void][Console]::In.ReadToEnd()`;

/** The command that keeps a system awake until its input ends; null where none is known. */
export function awakeCommand(platform: NodeJS.Platform): readonly [string, readonly string[]] | null {
  switch (platform) {
    case 'linux': {
      const why = ['--who=LoFi Studio', '--why=A training or prediction is running'];
      return ['systemd-inhibit', ['--what=idle:sleep', '--mode=block', ...why, 'cat']];
    }
    case 'darwin':
      return ['caffeinate', ['-i', 'cat']];
    case 'win32':
      return ['powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', POWERSHELL]];
    default:
      return null;
  }
}

/** Holds the machine awake or lets it sleep. A system without the tool sleeps as it likes. */
export interface WakeLock {
  set(awake: boolean): void;
}

/** A wake lock. @param command by default this system's */
export function createWakeLock(command = awakeCommand(process.platform)): WakeLock {
  let holder: ChildProcess | null = null;
  return {
    set: (awake) => {
      if (!awake) {
        holder?.stdin?.end();
        holder = null;
        return;
      }
      if (holder !== null || command === null) return;
      const [program, programArguments] = command;
      const child = spawn(program, [...programArguments], {
        stdio: ['pipe', 'ignore', 'ignore'],
        windowsHide: true,
      });
      holder = child;
      // Neither a missing tool nor a closed pipe is anybody's concern; nor is this child a reason to stay.
      child.on('error', () => undefined);
      child.stdin.on('error', () => undefined);
      child.unref();
      (child.stdin as unknown as { unref?: () => void }).unref?.();
    },
  };
}
