import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handOver, OTHER_UID } from '../../fixtures/otherPerson.ts';
import { makeInstaller, packedProgram } from '../../fixtures/packed.ts';
import { startPacked } from '../../fixtures/packedProgram.ts';
import { descendants } from '../../fixtures/processes.ts';
import { writeVideos } from '../../fixtures/videos.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi installed ü '));
const onPath = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(path.delimiter).some((dir) => existsSync(path.join(dir, name)));
const INSTALL_MS = 300_000;

afterAll(() => {
  execFileSync('chmod', ['-R', 'u+w', folder]);
  rmSync(folder, { recursive: true, force: true });
});

/** Works with an installed program: a project, a video, its picture, a segment; and the program quits and comes back with it all. */
async function workWith(executable: string, name: string): Promise<void> {
  const [root, home] = [path.join(folder, name), path.join(folder, name, 'home')];
  mkdirSync(home, { recursive: true });
  const [video] = await writeVideos(path.join(root, 'videos'), 1);
  const dirs = [root, home];
  const env = { ...handOver(dirs, path.dirname(executable)), HOME: home, TMPDIR: home };
  const start = { executable, dataDir: path.join(root, 'data'), env, uid: OTHER_UID };
  const dir = path.join(root, 'Projekt 研究');
  const first = await startPacked(start);
  try {
    expect(await first.ask('app.info', {})).toMatchObject({ shell: 'desktop' });
    await first.ask('project.create', { dir });
    const { added } = await first.ask('videos.add', { paths: [video?.file ?? ''] });
    const videoId = added[0]?.id ?? '';
    await first.ask('document.edit', {
      edit: { type: 'add-labels', labels: [{ id: 'a', name: 'a', colour: '#5490f4', key: null }] },
    });
    const segment = { id: 's', videoId, labelId: 'a', startPts: 0, endPts: 8 };
    await first.ask('document.edit', { edit: { type: 'add-segments', segments: [segment] } });
    const status = await first.evaluate<number>(
      `fetch('media://studio/frame/${videoId}/3.png').then(({ status }) => status)`,
    );
    expect(status).toBe(200);
    expect(await descendants(first.pid, 'service')).toHaveLength(1);
    expect(await first.close()).toBe(0);
  } finally {
    first.kill();
  }
  // As a double click on the project starts it.
  const again = await startPacked({
    ...start,
    args: [path.join(dir, 'project.lofi')],
    screen: 'nav-library',
  });
  try {
    expect(await again.ask('project.current', {})).toMatchObject({ dir, segmentCount: 1 });
    expect(await again.close()).toBe(0);
  } finally {
    again.kill();
  }
}

describe.runIf(onPath('dpkg-deb'))('the program out of its Debian package', () => {
  const root = path.join(folder, 'Dateisystem');
  const inRoot = (below: string): string => path.join(root, below);
  let deb = '';

  beforeAll(async () => {
    deb = await makeInstaller('deb', await packedProgram(path.join(folder, 'release')), folder);
    execFileSync('dpkg-deb', ['-x', deb, root]);
  }, INSTALL_MS);

  it('says who it is, and is known as the program for projects', () => {
    const field = (name: string): string =>
      execFileSync('dpkg-deb', ['-f', deb, name], { encoding: 'utf8' }).trim();
    expect(field('Package')).toBe('lofi-studio');
    expect(field('Version')).toMatch(/^\d+\.\d+\.\d+$/);
    expect(field('Depends')).toContain('libgtk-3-0');
    const entry = readFileSync(inRoot('usr/share/applications/lofi-studio.desktop'), 'utf8');
    expect(entry).toMatch(/^Exec="?\/opt\/LoFi Studio\/lofi-studio"? %U$/m);
    expect(entry).toMatch(/^MimeType=application\/x-lofi-studio-project;$/m);
    const type = readFileSync(inRoot('usr/share/mime/packages/lofi-studio.xml'), 'utf8');
    expect(type).toContain('glob pattern="*.lofi"');
    expect(existsSync(inRoot('usr/share/icons/hicolor'))).toBe(true);
    // Whoever made it is told that it is not for others.
    expect(path.basename(deb)).toContain('private');
  });

  it('works where it was installed, under a name with a space', async () => {
    await workWith(inRoot('opt/LoFi Studio/lofi-studio'), 'erste');
  });

  it('works from a folder with letters of other languages that nobody may write to', async () => {
    const moved = path.join(folder, 'Programme für 研究');
    renameSync(inRoot('opt/LoFi Studio'), moved);
    execFileSync('chmod', ['-R', 'a-w', moved]);
    await workWith(path.join(moved, 'lofi-studio'), 'zweite');
  });

  it('has a command line that works from there, too', () => {
    const cli = path.join(folder, 'Programme für 研究/resources/runtime/bin/lofi-studio');
    const link = path.join(folder, 'lofi');
    execFileSync('ln', ['-s', cli, link]);
    const project = path.join(folder, 'von der Konsole');
    execFileSync(link, ['project', 'create', project]);
    expect(existsSync(path.join(project, 'project.sqlite'))).toBe(true);
  });
});

const APPIMAGE_TOOLS = process.env['APPIMAGE_TOOLS_PATH'];

describe.runIf(APPIMAGE_TOOLS !== undefined)('the program out of its AppImage', () => {
  it(
    'works after it was taken out, without a mount',
    async () => {
      const dir = mkdtempSync(path.join(folder, 'AppImage '));
      const file = await makeInstaller('AppImage', await packedProgram(path.join(folder, 'release')), dir);
      chmodSync(file, 0o755);
      execFileSync(file, ['--appimage-extract'], { cwd: dir, stdio: 'ignore' });
      await workWith(path.join(dir, 'squashfs-root/AppRun'), 'dritte');
    },
    INSTALL_MS,
  );
});
