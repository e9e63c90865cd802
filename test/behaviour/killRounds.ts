/**
 * Kills a working studio with SIGKILL at random moments and looks at what is left, again and again on the same project.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { createMemoryDocument } from '#core/annotation/memory';
import { invertPatch, sameRecord, type DocumentPatch } from '#core/annotation/patch';
import { createRandom, type Random } from '#core/util/random';
import { applyEdits } from '#service/store/annotate';
import { createProject, openProject } from '#service/store/store';
import { newVideo } from './projectFixture.ts';

/** What many kills left. */
export interface KillReport {
  readonly kills: number;
  readonly acknowledgedEdits: number;
  readonly trainingsFinished: number;
  readonly trainingsResumed: number;
  /** Each in words; empty when nothing was lost. */
  readonly losses: readonly string[];
}

const SCRIPT = fileURLToPath(new URL('./killScript.ts', import.meta.url));

/** A project that a script can label and train on. */
function makeProject(dir: string): void {
  const store = createProject(dir);
  const files = [1, 2, 3].map((number) => {
    const file = path.join(dir, `video-${number}.mp4`);
    fs.writeFileSync(file, 'not decoded here');
    return newVideo(number, { path: file });
  });
  store.videos.add(files);
  const labels = ['jump', 'sit'].map((name) => ({
    id: name,
    name,
    colour: '#ff0000',
    key: null,
    parentId: null,
    description: '',
    ignore: false,
  }));
  const segments = [1, 2, 3].map((number) => ({
    id: `s${number}`,
    videoId: `v${number}`,
    labelId: 'jump',
    startPts: 0,
    endPts: 10_000,
    note: '',
    attributes: {},
  }));
  applyEdits(
    store,
    [
      { type: 'add-labels', labels },
      { type: 'add-segments', segments },
    ],
    { annotator: 'setup' },
    'Set up',
  );
  store.close();
}

/** Lets the studio work until `least` edits were acknowledged, and a while longer, and kills it. @returns its lines */
function workAndDie(
  dir: string,
  dataDir: string,
  seed: number,
  least: number,
  thenMs: number,
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, dir, dataDir, String(seed)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    let errors = '';
    let armed = false;
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!armed && text.split('\nack ').length > least) {
        armed = true;
        setTimeout(() => child.kill('SIGKILL'), thenMs);
      }
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
    child.on('close', (code, signal) => {
      // A line that was cut off was not said.
      if (signal === 'SIGKILL')
        resolve(
          text
            .slice(0, text.lastIndexOf('\n') + 1)
            .split('\n')
            .filter((line) => line !== ''),
        );
      else reject(new Error(`The script ended by itself (${String(code)}): ${errors.slice(-2000)}`));
    });
  });
}

/** Whether the tables are what the history says. */
function differsFromHistory(dir: string): string | null {
  const raw = new Database(path.join(dir, 'project.sqlite'), { readonly: true });
  try {
    const check = raw.pragma('integrity_check', { simple: true });
    if (check !== 'ok') return `integrity check: ${String(check)}`;
    const broken = raw.pragma('foreign_key_check') as unknown[];
    if (broken.length > 0) return 'foreign keys are broken';
    const lines = raw
      .prepare('SELECT j.action, h.patch FROM journal j JOIN history h ON h.id = j.entry_id ORDER BY j.seq')
      .all() as { action: string; patch: string }[];
    const memory = createMemoryDocument();
    for (const line of lines) {
      const patch = JSON.parse(line.patch) as DocumentPatch;
      memory.writePatch(line.action === 'undo' ? invertPatch(patch) : patch);
    }
    const store = openProject(dir, { readOnly: true });
    try {
      const ids = new Set(memory.segments().map((segment) => segment.id));
      if (store.document.segmentCount() !== ids.size)
        return `${store.document.segmentCount()} segments, ${ids.size} in the history`;
      for (const segment of memory.segments()) {
        if (!sameRecord(store.document.segment(segment.id), segment))
          return `segment ${segment.id} differs from the history`;
      }
      if (!sameRecord(store.document.labels(), memory.labels())) return 'labels differ from the history';
    } finally {
      store.close();
    }
    return null;
  } finally {
    raw.close();
  }
}

function lookAt(dir: string, acknowledged: number): { losses: string[]; finished: number } {
  const losses: string[] = [];
  const store = openProject(dir);
  try {
    if (store.readOnlyReason !== null)
      losses.push(`the dead program's lock is still held: ${store.readOnlyReason}`);
    const revision = store.history.revision();
    if (revision < acknowledged)
      losses.push(`edit ${acknowledged} was acknowledged, but the history ends at ${revision}`);
    for (const model of store.models.list()) {
      const folder = store.models.folderOf(model.id);
      const whole = ['model.json', 'weights.safetensors'].every((name) =>
        fs.existsSync(path.join(folder, name)),
      );
      const job = store.jobs.require(model.jobId ?? '');
      if (!whole || job.state !== 'done')
        losses.push(`${model.name} is offered, but its job is ${job.state}`);
    }
    return {
      losses,
      finished: store.jobs.list().filter((job) => job.kind === 'train' && job.state === 'done').length,
    };
  } finally {
    store.close();
  }
}

/** Kills and looks `count` times. @param dir a folder that may be used freely */
export async function killRounds(
  dir: string,
  count: number,
  random: Random = createRandom(1),
  log: (text: string) => void = () => undefined,
): Promise<KillReport> {
  const project = path.join(dir, 'project');
  makeProject(project);
  const losses: string[] = [];
  let acknowledged = 0;
  let edits = 0;
  let finished = 0;
  let resumed = 0;
  for (let round = 1; round <= count; round += 1) {
    const lines = await workAndDie(
      project,
      path.join(dir, 'data'),
      round,
      1 + random.integer(12),
      random.integer(300),
    );
    for (const line of lines) {
      if (line.startsWith('ack ')) {
        edits += 1;
        acknowledged = Math.max(acknowledged, Number(line.slice(4)));
      }
      if (line.startsWith('resumed ')) resumed += 1;
    }
    const look = lookAt(project, acknowledged);
    finished = look.finished;
    const different = differsFromHistory(project);
    const found = [...look.losses, ...(different === null ? [] : [different])];
    losses.push(...found.map((text) => `round ${round}: ${text}`));
    if (round % 10 === 0) log(`${round} kills, ${edits} edits acknowledged, ${losses.length} losses`);
  }
  return {
    kills: count,
    acknowledgedEdits: edits,
    trainingsFinished: finished,
    trainingsResumed: resumed,
    losses,
  };
}
