/**
 * The bridge: `window.studio` out of the contract's names and nothing else. It runs in the sandbox beside the page and holds no logic.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { EVENT_NAMES, type EventMap, type EventName } from '#core/contract/events';
import { INVOKE_NAMES, type InvokeName } from '#core/contract/invoke';
import type { Envelope } from '#core/contract/wrap';

const calls = new Map<InvokeName, (args: unknown) => Promise<unknown>>();
for (const name of INVOKE_NAMES) {
  calls.set(name, async (args) => {
    const envelope = (await ipcRenderer.invoke(`studio:${name}`, args)) as Envelope;
    if (envelope.ok) return envelope.result;
    // A plain object keeps its code on the way through the bridge; an Error would not.
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw envelope.error;
  });
}

const listeners = new Map<EventName, Set<(payload: never) => void>>();
for (const name of EVENT_NAMES) {
  const set = new Set<(payload: never) => void>();
  listeners.set(name, set);
  ipcRenderer.on(`studio:event:${name}`, (_event, payload: EventMap[typeof name]) => {
    for (const listener of set) listener(payload as never);
  });
}

const studio = {
  shell: 'desktop',
  invoke: (name: InvokeName, args: unknown) => {
    const call = calls.get(name);
    return call === undefined ? Promise.reject(new Error('There is no such call.')) : call(args);
  },
  on: <K extends EventName>(name: K, listener: (payload: EventMap[K]) => void) => {
    listeners.get(name)?.add(listener);
    return () => {
      listeners.get(name)?.delete(listener);
    };
  },
  openDialog: (kind: unknown) => ipcRenderer.invoke('shell:openDialog', kind) as Promise<readonly string[]>,
  saveDialog: (suggestedName: unknown) =>
    ipcRenderer.invoke('shell:saveDialog', suggestedName) as Promise<string | null>,
  setMenuActions: (actions: unknown) => void ipcRenderer.invoke('shell:setMenuActions', actions),
  pathsOfFiles: (files: readonly unknown[]) =>
    files.map((file) => webUtils.getPathForFile(file as File)).filter((path) => path !== ''),
} as const;

contextBridge.exposeInMainWorld('studio', studio);
