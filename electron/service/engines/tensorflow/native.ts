/**
 * Loads @tensorflow/tfjs-node-gpu's kernels on the TensorFlow that `engine install tensorflow` fetched.
 *
 * The package's own entry looks for a binding that its dead installer would have fetched (tensorflow/tfjs#8742), and calls two functions
 * that Node 23 removed (#8609). So its parts are loaded one by one: the removed functions are put back, the kernels registered, and
 * the back end is given the binding from the user's folder.
 */
import type { KernelBackend, Tensor } from '@tensorflow/tfjs-core';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { StudioError } from '#core/contract/errors';

/** An attribute of a raw TensorFlow kernel. */
export interface NativeAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The parts of the package's back end that are used here. */
export interface NativeBackend extends KernelBackend {
  readonly binding: Readonly<Record<NativeConstant, number>> & { readonly TF_Version?: string };
  /** Whether tensors live on a graphics card. */
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly Tensor[],
  ): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[];
}

type NativeConstant =
  'TF_ATTR_INT' | 'TF_ATTR_STRING' | 'TF_ATTR_BOOL' | 'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_INT32';

/** The binding's file name in an installation. */
export const BINDING_FILE = 'tfjs_binding.node';

/** Name of the TF.js back end. */
export const NATIVE_BACKEND = 'tensorflow';

const PACKAGE = '@tensorflow/tfjs-node-gpu';

/** Whether the package's JavaScript and sources are there (it is an optional dependency). */
export function hasNativePackage(): boolean {
  try {
    createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** Folder of the package, for its binding's sources. */
export function nativePackageFolder(): string {
  const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
  return manifest.slice(0, -'/package.json'.length);
}

/**
 * Loads the back end from an installation and makes it current.
 * @param folder the installation's `current` folder
 * @throws StudioError `engine-unavailable`
 */
export async function loadNativeBackend(folder: string): Promise<NativeBackend> {
  const tf = await import('@tensorflow/tfjs-core');
  const binding = join(folder, BINDING_FILE);
  if (!existsSync(binding)) {
    throw new StudioError(
      'engine-unavailable',
      'Native TensorFlow is not installed. Install it with "engine install tensorflow" or in Settings › Engines.',
      { path: binding },
    );
  }
  if (!tf.findBackend(NATIVE_BACKEND)) {
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
    const require = createRequire(import.meta.url);
    const util = require('node:util') as Record<string, unknown>;
    util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
    util['isArray'] ??= Array.isArray;
    try {
      require(`${PACKAGE}/dist/register_all_kernels.js`);
      const { NodeJSKernelBackend } = require(`${PACKAGE}/dist/nodejs_kernel_backend.js`) as {
        NodeJSKernelBackend: new (binding: unknown, packageName: string) => KernelBackend;
      };
      const native: unknown = require(binding);
      tf.registerBackend(NATIVE_BACKEND, () => new NodeJSKernelBackend(native, PACKAGE), 3);
    } catch (error) {
      throw new StudioError(
        'engine-unavailable',
        `Native TensorFlow in ${folder} does not load. Install it again with "engine install tensorflow".`,
        { path: folder },
        { cause: error },
      );
    }
  }
  if (!(await tf.setBackend(NATIVE_BACKEND))) {
    throw new StudioError('engine-unavailable', `Native TensorFlow in ${folder} does not start.`, {
      path: folder,
    });
  }
  await tf.ready();
  return tf.backend() as unknown as NativeBackend;
}
