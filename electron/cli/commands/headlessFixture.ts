/** Checkpoints and models in small, as files that the commands without a project read. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createAnchorFree } from '#core/model/detectors/anchorFree';
import { anchorFreeConfig, gtadConfig } from '#core/model/detectors/config';
import { createGtad } from '#core/model/detectors/gtad';
import { ENCODERS } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { writeNpy } from '#core/model/weights/npy';
import { writeSafetensors } from '#core/model/weights/safetensors';
import type { StoredTensors } from '#core/model/weights/storedTensor';
import { fromTensorMap } from '#core/model/weights/storedTensor';
import { writeTorchFile } from '#core/model/weights/torchWriter';
import { packMaps } from '#core/train/packing';

const renamed = (tensors: StoredTensors, prefix: string): StoredTensors =>
  new Map([...tensors].map(([name, tensor]) => [`${prefix}${name}`, tensor]));

/** Writes `tsm.pth.tar`, the small encoder under TSM's names, and `gtad.pth.tar`, a G-TAD head of 32 channels. */
export async function writeCheckpoints(folder: string): Promise<void> {
  const at = (name: string): string => path.join(folder, name);
  await writeFile(
    at('tsm.pth.tar'),
    writeTorchFile(
      new Map<string, number | StoredTensors>([
        ['epoch', 3],
        ['state_dict', renamed(fromTensorMap(initialiseEncoder(ENCODERS.small, 5)), 'module.base_model.')],
      ]),
    ),
  );
  const head = createGtad(
    gtadConfig({ inChannels: 32, numClasses: 0, hidden1d: 64, hidden3d: 32, hidden2d: 16 }),
  ).initialise(1);
  await writeFile(
    at('gtad.pth.tar'),
    writeTorchFile(
      new Map<string, number | StoredTensors>([
        ['epoch', 9],
        ['state_dict', renamed(fromTensorMap(head), 'module.')],
      ]),
    ),
  );
}

/** Writes `localiser`, a model of this program, and `wide.npy`, features that it takes: 8 steps of 128. */
export async function writeLocaliser(folder: string): Promise<void> {
  const at = (name: string): string => path.join(folder, name);
  const config = anchorFreeConfig({ inChannels: 128, numClasses: 2, width: 16, levels: 3 });

  const parameters = packMaps({
    encoder: initialiseEncoder(ENCODERS.small, 5),
    head: createAnchorFree(config).initialise(1),
  });
  await mkdir(at('localiser'));
  await writeFile(at('localiser/weights.safetensors'), writeSafetensors(fromTensorMap(parameters)));
  await writeFile(
    at('localiser/model.json'),
    JSON.stringify({
      version: 1,
      kind: 'localiser',
      spec: ENCODERS.small,
      detector: config,
      labels: ['jump', 'run'],
    }),
  );
  await writeFile(
    at('wide.npy'),
    writeNpy(
      [8, 128],
      Float32Array.from({ length: 8 * 128 }, (_, index) => Math.cos(index)),
    ),
  );
}
