/**
 * What self-tests and calibrations found on this machine, kept between starts and forgotten when something about the engine changes.
 */
import type { EngineName } from '#core/compute/engine';
import type { EngineAccuracy } from '#core/contract/info';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WebgpuWay } from './webgpu/webgpuEngine.ts';
import { dataFolder } from './paths.ts';

/** The last result of one engine. */
export interface EngineResult {
  /** Device, driver and versions in one string; another string makes the result void. */
  readonly fingerprint: string;
  readonly passed: boolean;
  readonly failure: string | null;
  readonly stepMs: number | null;
  readonly accuracy?: EngineAccuracy;
  /** Which of its ways an engine takes for the encoder, where it has several: the faster of those that are right. */
  readonly way?: WebgpuWay;
}

type Results = Partial<Record<EngineName, EngineResult>>;

const resultsFile = (): string => join(dataFolder(), 'engines', 'results.json');

/** All results; empty when there are none or the file cannot be read. */
export async function readResults(): Promise<Results> {
  try {
    const value: unknown = JSON.parse(await readFile(resultsFile(), 'utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Keeps one engine's result; the file is replaced whole. */
export async function writeResult(name: EngineName, result: EngineResult): Promise<void> {
  const path = resultsFile();
  await mkdir(join(dataFolder(), 'engines'), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify({ ...(await readResults()), [name]: result }, null, 2));
  await rename(temporary, path);
}
