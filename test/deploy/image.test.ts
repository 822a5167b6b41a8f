import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { parseConfiguration } from '../../src/config/load.js';
import { repositoryFolder } from '../../stack/binaries.js';

const read = (path: string) => readFileSync(join(repositoryFolder, path), 'utf8');

/** What a worker needs to finish its batches when it is told to stop (`SHUTDOWN_FORCE_MS`), in seconds. */
const GRACE_SECONDS = 30;

describe('the image', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', '')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
  const all = (instruction: string) => lines.filter((line) => line.startsWith(`${instruction} `));

  test('runs as a user that is told by its number and is not root', () => {
    assert.deepEqual(all('USER'), ['USER 1000:1000']);
  });

  test('is told to stop by the signal for which a worker listens, and says whether it is healthy', () => {
    assert.deepEqual(all('STOPSIGNAL'), ['STOPSIGNAL SIGTERM']);
    assert.match(all('HEALTHCHECK')[0] ?? '', /\/readyz/);
    // without a shell in between, which would keep the signal for itself
    assert.deepEqual(all('CMD'), ['CMD ["kafka-drain", "worker"]']);
  });

  test('has the settings of memory with which the bench measures', () => {
    const settings = all('ENV').flatMap((line) => line.split(' ').slice(1));
    const measured = read('bench/kafka-drain/program.ts');
    for (const setting of settings.filter((text) => /^(MALLOC|NODE_OPTIONS)/.test(text))) {
      const [name = '', ...value] = setting.split('=');
      assert.ok(measured.includes(`${name}: '${value.join('=')}'`), setting);
    }
    assert.equal(settings.length, 4);
  });

  test('has one base, which builds can pin by its digest', () => {
    assert.deepEqual(all('ARG'), ['ARG NODE_IMAGE=node:22-bookworm-slim']);
    for (const line of all('FROM')) assert.match(line, /^FROM \$\{NODE_IMAGE\}/);
  });

  test('runs no script of a package, and copies nothing but what is named', () => {
    for (const line of all('RUN').filter((run) => run.includes('npm ci')))
      assert.match(line, /--ignore-scripts/);
    assert.deepEqual(all('ADD'), []);
    const wanted = all('COPY')
      .filter((line) => !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    const [everything, ...sent] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    assert.equal(everything, '*');
    assert.deepEqual(new Set(wanted), new Set(sent.map((line) => line.replace('!', ''))));
  });
});

interface Service {
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  stop_grace_period?: string;
}

test('the worker of docker-compose.yml has no rights, nothing to write to, and time to finish its batches', () => {
  const { worker } = (parse(read('docker-compose.yml')) as { services: Record<string, Service> }).services;
  assert.deepEqual(
    [worker?.read_only, worker?.cap_drop, worker?.security_opt],
    [true, ['ALL'], ['no-new-privileges:true']],
  );
  assert.ok(Number.parseInt(worker?.stop_grace_period ?? '', 10) > GRACE_SECONDS);
});

interface Pod {
  terminationGracePeriodSeconds: number;
  securityContext: { runAsNonRoot: boolean; fsGroup: number };
  containers: {
    args: string[];
    env: { name: string; value: string }[];
    securityContext: Record<string, unknown>;
    livenessProbe: unknown;
    readinessProbe: unknown;
    ports: unknown;
  }[];
  volumes: { name: string; secret?: { defaultMode: number } }[];
}

describe('deploy/kubernetes.yaml', () => {
  const [map, deployment] = parseAllDocuments(read('deploy/kubernetes.yaml'), { version: '1.1' }).map(
    (document) => document.toJS() as unknown,
  );
  const { data } = map as { data: Record<string, string> };
  const pod = (deployment as { spec: { template: { spec: Pod } } }).spec.template.spec;
  const [worker = assert.fail('no container')] = pod.containers;

  test('gives a worker no rights, nothing to write to, and time to finish its batches', () => {
    assert.ok(pod.securityContext.runAsNonRoot);
    assert.deepEqual(worker.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.ok(pod.terminationGracePeriodSeconds > GRACE_SECONDS);
  });

  test('has every secret in a file that nobody else can read', () => {
    assert.deepEqual(
      worker.env.map(({ name }) => name),
      ['TEMPORAL_CONFIG_FILE'],
    );
    const modes = pod.volumes.flatMap(({ secret }) => (secret === undefined ? [] : [secret.defaultMode]));
    assert.deepEqual(modes, [0o440]);
  });

  test('has a configuration that is valid, and asks for health where the worker tells it', () => {
    const files: string[] = [];
    const { settings } = parseConfiguration(data['drain.yaml'] ?? '', 'drain.yaml', {
      environment: {},
      readFile: (file) => {
        files.push(file);
        return file.endsWith('mongodb-uri') ? 'mongodb://db/?replicaSet=rs0' : 'secret';
      },
      isWorldReadable: () => false,
      isOwnWorldReadable: () => false,
      locate: (file) => file,
    });
    assert.deepEqual(files.sort(), [
      '/run/secrets/kafka-drain/kafka-password',
      '/run/secrets/kafka-drain/mongodb-uri',
    ]);
    assert.equal(settings.worker.healthAddress, '0.0.0.0:8080');
    assert.deepEqual(worker.ports, [{ name: 'health', containerPort: 8080 }]);
    assert.deepEqual(
      [worker.livenessProbe, worker.readinessProbe],
      [{ httpGet: { path: '/healthz', port: 'health' } }, { httpGet: { path: '/readyz', port: 'health' } }],
    );
  });
});
