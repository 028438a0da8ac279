import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parse, stringify } from 'yaml';
import { createLabClient, type LabClient } from '../../../src/lab/client/index.ts';
import type { LabStatus } from '../../../src/lab/index.ts';
import type { LabUnderTest } from '../../mesh/support/lab-under-test.ts';

const POD = { namespace: 'monitoring', name: 'prometheus' };
const ADDRESS = '127.0.0.1:9090';

/** A real Prometheus in a pod of the lab that is not in the mesh, as users have it. */
export interface PreparedPrometheus {
  /** Its Namespace and Pod. */
  readonly objects: readonly object[];
  /** What it scrapes from now on: job names with `host:port`s. */
  scrape(lab: LabUnderTest, jobs: Readonly<Record<string, readonly string[]>>): Promise<Prometheus>;
  /** Its files, when it has ended with its lab. */
  remove(): Promise<void>;
}

export interface Prometheus {
  /** The values of an instant query. */
  query(expression: string): Promise<readonly number[]>;
  /** Names of the alerts that fire. */
  firing(): Promise<ReadonlySet<string>>;
}

/** The alerts are those of `rulesFile`, only that nothing waits: a test has no five minutes for each. */
export function preparePrometheus(rulesFile: string): PreparedPrometheus {
  const folder = mkdtempSync(join(tmpdir(), 'nodemesh-prometheus-'));
  const rules = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: { for?: string }[] }[] };
  for (const group of rules.groups) for (const rule of group.rules) rule.for = '0s';
  writeFileSync(join(folder, 'rules.yaml'), stringify(rules));
  const targets = join(folder, 'targets.json');
  writeFileSync(targets, '[]');
  writeFileSync(
    join(folder, 'prometheus.yaml'),
    stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      scrape_configs: [
        { job_name: 'nodemesh', file_sd_configs: [{ files: ['targets.json'], refresh_interval: '1s' }] },
      ],
    }),
  );
  return {
    objects: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: POD.namespace } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...POD, labels: { app: POD.name } },
        spec: {
          nodeName: 'node-1',
          terminationGracePeriodSeconds: 2,
          containers: [
            {
              name: 'main',
              command: [
                'prometheus',
                `--config.file=${join(folder, 'prometheus.yaml')}`,
                `--storage.tsdb.path=${join(folder, 'data')}`,
                `--web.listen-address=${ADDRESS}`,
              ],
            },
          ],
        },
      },
    ],
    async scrape(lab, jobs) {
      const groups = Object.entries(jobs).map(([job, addresses]) => ({
        targets: addresses,
        labels: { job },
      }));
      writeFileSync(targets, JSON.stringify(groups));
      const { stateDirectory } = JSON.parse(await lab.lab('status', '-o', 'json')) as LabStatus;
      return prometheusOf(createLabClient(stateDirectory));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function prometheusOf(lab: LabClient): Prometheus {
  return {
    async query(expression) {
      const answer = (await ask(lab, '/api/v1/query', `query=${expression}`)) as {
        readonly status: string;
        readonly error?: string;
        readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
      };
      if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`);
      return (answer.data?.result ?? []).map(({ value }) => Number(value[1]));
    },
    async firing() {
      const answer = (await ask(lab, '/api/v1/alerts')) as {
        readonly data: {
          readonly alerts: readonly {
            readonly state: string;
            readonly labels: { readonly alertname: string };
          }[];
        };
      };
      return new Set(
        answer.data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname),
      );
    },
  };
}

/** Asked some hundred times by a test: a process in the pod for each question, but none of the command line. */
async function ask(lab: LabClient, path: string, ...data: readonly string[]): Promise<unknown> {
  const fields = data.flatMap((field) => ['--data-urlencode', field]);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [printed, complained] = [text(stdout), text(stderr)];
  const code = await lab.exec({
    namespace: POD.namespace,
    pod: POD.name,
    container: '',
    command: ['curl', '-sS', '-m', '10', '-G', `http://${ADDRESS}${path}`, ...fields],
    stdin: undefined,
    stdout,
    stderr,
  });
  stdout.end();
  stderr.end();
  if (code !== 0) throw new Error(`Prometheus does not answer: ${await complained}`);
  return JSON.parse(await printed) as unknown;
}
