import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { useStudio } from '../../fixtures/spec.ts';
import { startPage } from '../../pages/start.ts';
import { windowPage } from '../../pages/window.ts';

describe('starting', () => {
  const studio = useStudio();

  it('leads a newcomer to a project of their own', async () => {
    const { page, folder } = studio();
    await startPage(page).createProject('Erstes Projekt', folder);
    expect(await windowPage(page).ask('project.current', {})).toMatchObject({
      name: 'Erstes Projekt',
      dir: path.join(folder, 'Erstes Projekt'),
      videoCount: 0,
    });
    expect(studio().complaints).toEqual([]);
  });

  it('says that the service is away, and comes back with the project and every edit', async () => {
    const { page } = studio();
    const { ask, banner } = windowPage(page);
    const label = { id: 'l1', name: 'jump', colour: '#5490f4', key: '1' };
    await ask('document.edit', { edit: { type: 'add-labels', labels: [label] } });
    await studio().killService();
    // Asked while the service is away: answered when it is back.
    const labels = await ask('labels.list', {});
    expect(labels.map(({ name }) => name)).toEqual(['jump']);
    await banner.getByText(/./).waitFor({ state: 'detached' });
    expect(await ask('project.current', {})).toMatchObject({ name: 'Erstes Projekt', labelCount: 1 });
  });

  it('keeps every acknowledged edit when the service is killed at random', async () => {
    const { page } = studio();
    const { ask } = windowPage(page);
    const acknowledged: string[] = ['jump'];
    for (let round = 0; round < 6; round += 1) {
      const kill = new Promise<void>((resolve) =>
        setTimeout(() => void studio().killService().then(resolve), (round * 37) % 90),
      );
      for (let n = 0; n < 5; n += 1) {
        const name = `label ${round}.${n}`;
        const label = { id: `r${round}n${n}`, name, colour: '#fc9028', key: null };
        await ask('document.edit', { edit: { type: 'add-labels', labels: [label] } });
        acknowledged.push(name);
      }
      await kill;
    }
    const labels = await ask('labels.list', {});
    expect(labels.map(({ name }) => name).sort()).toEqual(acknowledged.sort());
  });
});
