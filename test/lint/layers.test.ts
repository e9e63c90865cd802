/**
 * The layer rule refuses what it must refuse: each fixture is a line that has to fail, with the reason it has to give.
 */
import { readFileSync } from 'node:fs';
import { RuleTester } from 'eslint';
import { describe, expect, it } from 'vitest';
import { layersRule, whyNot } from '../../resources/lint/layers.ts';

interface Fixture {
  readonly file: string;
  readonly source: string;
  readonly reason: string;
}

const mustFail = JSON.parse(
  readFileSync(new URL('fixtures/must-fail.json', import.meta.url), 'utf8'),
) as Fixture[];

describe('layer rule', () => {
  it.each(mustFail)('$file may not import $source', ({ file, source, reason }) => {
    expect(whyNot(file, source)).toContain(reason);
  });

  it.each([
    ['core/train/loop.ts', '#core/compute/engine'],
    ['core/train/loop.ts', './config.ts'],
    ['electron/service/store/open.ts', 'better-sqlite3'],
    ['electron/service/store/open.ts', 'node:fs'],
    ['electron/worker/index.ts', '#service/media/decode/sample'],
    ['electron/preload/index.ts', '#core/contract/invoke'],
    ['renderer/views/Annotate.svelte', '../timeline/Timeline.svelte'],
    ['core/train/loop.test.ts', 'vitest'],
  ])('%s may import %s', (file, source) => {
    expect(whyNot(file, source)).toBeNull();
  });

  it('reports through ESLint, for static and dynamic imports and re-exports', () => {
    const now = (_text: string, method: () => void): void => method();
    Object.assign(RuleTester, { describe: now, it: now, itOnly: now });
    const tester = new RuleTester({ languageOptions: { ecmaVersion: 2024, sourceType: 'module' } });
    const filename = `${process.cwd()}/core/train/loop.ts`;
    tester.run('layers', layersRule, {
      valid: [{ code: "import '#core/util/random';", filename }],
      invalid: [
        { code: "import fs from 'node:fs';", filename, errors: 1 },
        { code: "await import('electron');", filename, errors: 1 },
        { code: "export * from 'left-pad';", filename, errors: 1 },
        { code: "export { x } from '#service/index';", filename, errors: 1 },
      ],
    });
  });
});
