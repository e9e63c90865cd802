import { describe, expect, it } from 'vitest';
import { describeDiagnostics, withoutPrivateParts } from './diagnostics.ts';
import { resumableAfterDeath, watchJobs } from './jobs.ts';
import { wordsOf } from './words.ts';

describe('native words', () => {
  it('follow the settings, then the system, and take values', () => {
    expect(wordsOf('en', 'zh-CN')('file')).toBe('File');
    expect(wordsOf('zh-CN', 'en')('file')).toBe('文件');
    expect(wordsOf('system', 'zh-TW')('file')).toBe('文件');
    expect(wordsOf('system', 'de')('jobsRun', { count: 2 })).toContain('2 job');
  });
});

describe('diagnostics', () => {
  it('hold no path, address, name or label', () => {
    for (const line of [
      'could not open /home/anna/Videos/patient 7.mp4',
      'could not open C:\\Users\\Anna\\patient 7.mp4',
      'label "patient falls" was removed',
      'label “patient falls” was removed',
      'refused https://patient.example/7',
      "project '~/patient 7'",
    ]) {
      expect(withoutPrivateParts(line), line).not.toMatch(/patient|anna/i);
    }
    expect(withoutPrivateParts('page gone: crashed, exit code 5')).toBe('page gone: crashed, exit code 5');
  });

  it('say what a report needs', () => {
    const text = describeDiagnostics({
      version: '1.2.3',
      electron: '41',
      chromium: '140',
      system: 'linux 6 x64',
      cores: 2,
      memoryBytes: 8 * 1024 ** 3,
      locale: 'en',
      service: 'connected',
      gpu: { webgl: 'enabled' },
      engines: [{ name: 'onnx', available: true, selfTest: 'passed' }],
      log: ['2026 main opened /home/anna/x'],
    });
    expect(text).toContain('LoFi Studio 1.2.3');
    expect(text).toContain('8.0 GiB');
    expect(text).toContain('Engine onnx: available, self-test passed');
    expect(text).toContain('main opened <path>');
  });
});

describe('running jobs', () => {
  it('tell when the first begins and the last ends, however the news comes', () => {
    const changes: boolean[] = [];
    const jobs = watchJobs((any) => changes.push(any));
    jobs.hear('job.changed', { job: { id: 'a', state: 'queued' } });
    jobs.hear('job.progress', { id: 'a', state: 'running' });
    jobs.hear('job.changed', { job: { id: 'b', state: 'running' } });
    jobs.hear('job.changed', { job: { id: 'a', state: 'done' } });
    expect(jobs.ids()).toEqual(['b']);
    jobs.hear('job.changed', { job: { id: 'b', state: 'paused' } });
    jobs.reset([{ id: 'c', state: 'running' }]);
    jobs.hear('project.changed', { project: null });
    expect(changes).toEqual([true, false, true, false]);
  });

  it('are taken up again after a death of the service, and no others', () => {
    const list = [
      { id: 'ran', state: 'interrupted', resumable: true },
      { id: 'lost', state: 'interrupted', resumable: false },
      { id: 'old', state: 'interrupted', resumable: true },
      { id: 'goes on', state: 'queued', resumable: true },
    ] as const;
    expect(resumableAfterDeath(['ran', 'lost', 'goes on'], list)).toEqual(['ran']);
  });
});
