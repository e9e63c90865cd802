/**
 * What lies where in a project's folder.
 */
import path from 'node:path';

/** Absolute paths of a project's parts. */
export interface ProjectLayout {
  readonly dir: string;
  readonly database: string;
  /** What a file manager opens the project with (`marker.ts`). */
  readonly marker: string;
  /** Can be deleted at any time. */
  readonly cache: string;
  /** One folder for each training job. */
  readonly models: string;
  readonly backups: string;
  /** Databases that were found damaged, kept for whoever wants to look. */
  readonly damaged: string;
  /** Import reports and slow queries. */
  readonly logs: string;
}

const DATABASE = 'project.sqlite';
const MARKER = 'project.lofi';

/** The project folder that a person means: the folder itself, or the file in it that was pressed on. */
export function projectDirOf(given: string): string {
  const full = path.resolve(given);
  const name = path.basename(full);
  return name === MARKER || name === DATABASE ? path.dirname(full) : full;
}

/** The layout of a project folder. */
export function projectLayout(dir: string): ProjectLayout {
  const root = path.resolve(dir);
  return {
    dir: root,
    database: path.join(root, DATABASE),
    marker: path.join(root, MARKER),
    cache: path.join(root, 'cache'),
    models: path.join(root, 'models'),
    backups: path.join(root, 'backups'),
    damaged: path.join(root, 'damaged'),
    logs: path.join(root, 'logs'),
  };
}

/** Score curves that a model left, one `VIDEO.curves` each. */
export function curveFolder(layout: ProjectLayout, modelId: string): string {
  return path.join(layout.cache, 'curves', modelId);
}
