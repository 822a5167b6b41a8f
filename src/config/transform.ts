/** The files of the pipelines' transforms: where they are, and what is in them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DrainError } from '../errors.js';
import type { FileReader } from './connections.js';
import { fileErrorText, isMapping } from './environment.js';
import { fingerprintOf } from './fingerprint.js';
import { PIPELINE } from './pipeline-schema.js';
import type { PipelineSettings, TransformSettings } from './settings.js';
import { readableParts } from './validate.js';

/** By pipeline. Files that can't be read are kept by the reader as problems. */
export function readTransforms(pipelines: unknown, reader: FileReader): Map<string, TransformSettings> {
  const transforms = new Map<string, TransformSettings>();
  for (const [name, written] of Object.entries(isMapping(pipelines) ? pipelines : {})) {
    const { transform } = readableParts(PIPELINE, written);
    if (transform === undefined) continue;
    const text = reader.read(['pipelines', name, 'transform'], transform);
    transforms.set(name, { file: reader.locate(transform), hash: hashOf(text) });
  }
  return transforms;
}

/**
 * The pipeline with its transform as it is on disk by now, in the fingerprint too: an edited transform is that of the next
 * plan, without a restart, and never that of a run which was planned before. Error: `CONFIG_INVALID`.
 */
export function withPresentTransform(pipeline: PipelineSettings, database: string): PipelineSettings {
  if (pipeline.transform === null) return pipeline;
  const { file } = pipeline.transform;
  const present = { ...pipeline, transform: { file, hash: hashOf(textOf(file)) } };
  return { ...present, fingerprint: fingerprintOf(present, database) };
}

/** Whether the file still is what the settings say. Error: `CONFIG_INVALID`. */
export function isPresent({ file, hash }: TransformSettings): boolean {
  return hashOf(textOf(file)) === hash;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new DrainError(
      'CONFIG_INVALID',
      `the transform ${file} cannot be read: ${fileErrorText(error)}; put it there, or correct "transform" in the configuration.`,
      { cause: error },
    );
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
