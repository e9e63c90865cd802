import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, describe, expect, it } from 'vitest';
import {
  inspectMediaLibrary,
  mediaLibraryDir,
  mustBeDistributable,
} from '../../resources/build/mediaLibrary.ts';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A library as a linker leaves it: text between other bytes. */
function library(...words: readonly string[]): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi-library-'));
  folders.push(folder);
  const parts = words.flatMap((word) => [Buffer.from([0, 1, 255, 0]), Buffer.from(word), Buffer.from([0])]);
  writeFileSync(
    path.join(folder, 'node-av.node'),
    Buffer.concat([Buffer.alloc(5000, 7), ...parts, Buffer.alloc(100)]),
  );
  return folder;
}

const FREE = '--prefix=/usr --enable-gpl --enable-version3 --enable-libx264 --enable-libx265';

describe('the FFmpeg of an installer', () => {
  it('may be given away when it is under the GPL alone', () => {
    const folder = library('x', FREE);
    expect(inspectMediaLibrary(folder)).toEqual({ configuration: FREE, obstacles: [] });
    expect(() => mustBeDistributable(folder)).not.toThrow();
  });

  it('is refused with parts that the GPL does not go with, switched on or only linked in', () => {
    for (const words of [
      [`${FREE} --enable-libfdk-aac`],
      [`${FREE} --enable-nonfree`],
      [FREE, 'libAACdec/src/FDK_delay.cpp'],
      ['no FFmpeg at all'],
    ]) {
      expect(() => mustBeDistributable(library(...words)), words.join()).toThrow(/--media-library FOLDER/);
    }
    // A part of the library may lie in a file of its own.
    const folder = library(FREE);
    writeFileSync(path.join(folder, 'libavcodec.so.62'), `${FREE} --enable-libfdk-aac\0`);
    expect(() => mustBeDistributable(folder)).toThrow(/libavcodec\.so\.62: --enable-libfdk-aac/);
  });

  it('is looked for in the real package that is installed here', () => {
    const root = path.resolve(import.meta.dirname, '../..');
    const target = { platform: process.platform as 'linux', arch: process.arch as 'x64' };
    const { configuration, obstacles } = inspectMediaLibrary(mediaLibraryDir(root, target));
    expect(configuration).toMatch(/--enable-gpl/);
    // When this fails, the package has been mended: installers may be made from it, and docs/decisions/0092 can go.
    expect(obstacles).toContain('node-av.node: --enable-libfdk-aac');
  });
});
