import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubernetesApi } from '../../../../src/controller/kubernetes/index.ts';
import { inspectObject, type ObjectKind, objectKey } from '../../../../src/controller/objects/index.ts';
import {
  createKubernetesSource,
  type KubernetesSource,
  type KubernetesSourceOptions,
  type ObjectEvent,
} from '../../../../src/controller/sources/index.ts';
import {
  type FakeKubernetesApi,
  startFakeKubernetesApi,
} from '../../../support/kubernetes-api/fake-kubernetes-api.ts';
import {
  type ApiResource,
  DEFAULT_RESOURCES,
  resourceKey,
} from '../../../support/kubernetes-api/resource-table.ts';
import { createScaledClock, type ScaledClock } from './scaled-clock.ts';

/** An API server and a source that follows it. */
export interface World {
  readonly fake: FakeKubernetesApi;
  readonly source: KubernetesSource;
  readonly clock: ScaledClock;
  readonly batches: (readonly ObjectEvent[])[];
  /** What the source has said, object by object, as text. */
  told(): ReadonlyMap<string, string>;
  /** What is so. */
  truth(): ReadonlyMap<string, string>;
  /** Resolves when both are the same. */
  agree(timeoutMs?: number): Promise<void>;
  install(kind: ObjectKind, versions?: readonly string[]): void;
  uninstall(kind: ObjectKind): void;
  /** Rejects when anything is left open. */
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly kinds?: readonly ObjectKind[];
  /** How many times as fast time runs for the source. Default 200. */
  readonly times?: number;
  readonly settings?: KubernetesSourceOptions['settings'];
  /** Before the source is made. */
  readonly prepare?: (fake: FakeKubernetesApi) => void;
  /** Custom kinds that are there from the start. Default: all. */
  readonly installed?: readonly ObjectKind[];
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const kinds = options.kinds ?? KINDS;
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-source-'));
  const fake = await startFakeKubernetesApi({
    resources: DEFAULT_RESOURCES.filter(({ kind }) => !CUSTOM.has(kind)),
    timeScale: 1 / (options.times ?? 200),
  });
  const clock = createScaledClock(options.times ?? 200);
  const api = createKubernetesApi({
    access: { kind: 'kubeconfig', file: fake.writeKubeconfig(join(directory, 'config')) },
    clock,
    limits: { perSecond: 100_000, burst: 100_000 },
  });
  const install = (kind: ObjectKind, versions?: readonly string[]): void => {
    const resource = resourceOf(kind);
    fake.serve(versions === undefined ? resource : { ...resource, versions });
    fake.put({ kind: 'CustomResourceDefinition', metadata: { name: resourceKey(resource) } });
  };
  for (const kind of options.installed ?? kinds) if (CUSTOM.has(kind)) install(kind);
  options.prepare?.(fake);
  const { settings = {} } = options;
  const source = createKubernetesSource({ api, kinds, clock, settings });
  const told = new Map<string, string>();
  const batches: (readonly ObjectEvent[])[] = [];
  source.events.subscribe((batch) => {
    batches.push(batch);
    for (const event of batch) {
      if (event.type === 'delete') told.delete(`${event.kind} ${event.key}`);
      else told.set(`${event.object.kind} ${objectKey(event.object.meta)}`, textOf(event));
    }
  });
  const truth = (): ReadonlyMap<string, string> => new Map(kinds.flatMap((kind) => truthOf(fake, kind)));
  return {
    fake,
    source,
    clock,
    batches,
    told: () => told,
    truth,
    install,
    uninstall(kind) {
      fake.remove('CustomResourceDefinition', '', resourceKey(resourceOf(kind)));
      fake.withdraw(kind);
    },
    async agree(timeoutMs = 30_000) {
      const untilMs = performance.now() + timeoutMs;
      while (!isSame(told, truth())) {
        if (performance.now() > untilMs) throw new Error(difference(told, truth(), source));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async close() {
      await source.close();
      await api.close();
      await settled(() => fake.connections === 0 && fake.watches.size === 0);
      const left = { connections: fake.connections, watches: fake.watches.size, timers: clock.pending };
      await fake.close();
      await rm(directory, { recursive: true });
      if (left.connections + left.watches + left.timers > 0)
        throw new Error(`left open: ${JSON.stringify(left)}`);
    },
  };
}

function truthOf(fake: FakeKubernetesApi, kind: ObjectKind): readonly (readonly [string, string])[] {
  return fake.store.list(resourceKey(resourceOf(kind))).map((stored) => {
    const { object, issues } = inspectObject(kind, stored);
    const faults = issues.map(({ path }) => path.join('.'));
    return [`${kind} ${objectKey(object.meta)}`, textOf({ object, faults })];
  });
}

/** Faults by their number alone: their wording is the parser's. The version is whichever the server likes best. */
function textOf(event: { readonly object: object; readonly faults: readonly string[] }): string {
  const plain = (key: string, value: unknown): unknown =>
    key === 'apiVersion' ? undefined : value instanceof Map ? [...value].sort() : value;
  return `${event.faults.length} ${JSON.stringify(event.object, plain)}`;
}

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([key, text]) => other.get(key) === text);
}

function difference(
  told: ReadonlyMap<string, string>,
  truth: ReadonlyMap<string, string>,
  source: KubernetesSource,
): string {
  const wrong = [...new Set([...told.keys(), ...truth.keys()])].filter(
    (key) => told.get(key) !== truth.get(key),
  );
  const lines = wrong.map((key) => `${key}: told ${told.get(key)}, truth ${truth.get(key)}`);
  const problems = source.problems().map(({ file, message }) => `${file}: ${message}`);
  return ['the source does not agree with the truth', ...lines, ...problems].join('\n');
}

/** What is closed is gone soon, and what is left open stays: the deadline is generous. */
async function settled(condition: () => boolean): Promise<void> {
  const untilMs = performance.now() + 20_000;
  while (!condition() && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function resourceOf(kind: ObjectKind): ApiResource {
  const found = DEFAULT_RESOURCES.find((resource) => resource.kind === kind);
  if (found === undefined) throw new Error(`no such kind: ${kind}`);
  return found;
}

const CUSTOM = new Set(
  DEFAULT_RESOURCES.filter(({ group }) => /istio|nodemesh|gateway/.test(group)).map(({ kind }) => kind),
);
/** One of each sort: built in or custom, with or without namespace, by metadata alone, one that keeps somebody out. */
const KINDS: readonly ObjectKind[] = ['Namespace', 'Pod', 'HTTPRoute', 'AuthorizationPolicy'];
