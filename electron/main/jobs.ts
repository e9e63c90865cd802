/**
 * Which jobs run, as main hears it from the service's news: the machine is kept awake meanwhile, and closing the window asks first.
 */
import type { EventMap, EventName } from '#core/contract/events';
import type { JobInfo, JobState } from '#core/contract/info';

/** Keeps count of running jobs. */
export interface RunningJobs {
  /** Takes any event; only those of jobs matter. */
  readonly hear: (name: EventName, payload: unknown) => void;
  /** Takes the list of jobs, e.g. after the service came back. */
  readonly reset: (jobs: readonly { readonly id: string; readonly state: JobState }[]) => void;
  readonly ids: () => readonly string[];
}

const ACTIVE: ReadonlySet<JobState> = new Set(['queued', 'running']);

/**
 * Jobs that ran when the service died and that it found again when it came back: the person asked for them, and nobody has taken that back.
 *
 * @param ran what ran before @param jobs the list after the new start
 */
export function resumableAfterDeath(
  ran: readonly string[],
  jobs: readonly Pick<JobInfo, 'id' | 'state' | 'resumable'>[],
): readonly string[] {
  return jobs
    .filter(({ id, state, resumable }) => state === 'interrupted' && resumable && ran.includes(id))
    .map(({ id }) => id);
}

/** @param onChange called when the first job begins and when the last one ends */
export function watchJobs(onChange: (anyRuns: boolean) => void): RunningJobs {
  const active = new Set<string>();
  const change = (work: () => void): void => {
    const before = active.size > 0;
    work();
    if (before !== active.size > 0) onChange(active.size > 0);
  };
  const set = (id: string, state: JobState): void => {
    if (ACTIVE.has(state)) active.add(id);
    else active.delete(id);
  };
  return {
    hear: (name, payload) => {
      if (name === 'job.changed') {
        const { job } = payload as EventMap['job.changed'];
        change(() => set(job.id, job.state));
      } else if (name === 'job.progress') {
        const { id, state } = payload as EventMap['job.progress'];
        change(() => set(id, state));
      } else if (name === 'project.changed' && (payload as EventMap['project.changed']).project === null) {
        change(() => active.clear());
      }
    },
    reset: (jobs) =>
      change(() => {
        active.clear();
        for (const { id, state } of jobs) set(id, state);
      }),
    ids: () => [...active],
  };
}
