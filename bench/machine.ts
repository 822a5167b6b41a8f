/** On what and with what a bench was run. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { findBinaries, repositoryFolder } from '../stack/binaries.js';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    processor: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGigabytes: totalmem() / 1e9,
    kernel: release(),
  };
}

/** Of kafka-drain itself (with its commit, and `+` where files differ from it), of Node and of the servers. */
export function describeVersions(): Record<string, string> {
  const { java, mongod, temporal } = findBinaries();
  const stack = readJson('stack/packages.json') as { kafka: { version: string } };
  const product = readJson('package.json') as { version: string; dependencies: Record<string, string> };
  return {
    'kafka-drain': product.version,
    commit: commit(),
    node: process.version,
    kafka: stack.kafka.version,
    java: firstLine(java, '--version'),
    mongod: firstLine(mongod, '--version'),
    temporal: firstLine(temporal, '--version'),
    kafkajs: product.dependencies['kafkajs'] ?? '',
    mongodb: product.dependencies['mongodb'] ?? '',
  };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(repositoryFolder, file), 'utf8'));
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: repositoryFolder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  try {
    const isClean = git('status', '--porcelain').trim() === '';
    return `${git('rev-parse', '--short', 'HEAD').trim()}${isClean ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}

function firstLine(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0]?.trim() ?? '';
}
