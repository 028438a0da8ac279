import { type Field, type LabelSelector, selects } from '../../objects/index.ts';
import type { AnalysedObject } from './analysed-object.ts';

/** A pod, or what pods will be made from: manifests rather have a Deployment than its pods. */
export interface Workload {
  readonly object: AnalysedObject;
  readonly namespace: string;
  readonly labels: LabelSelector;
  readonly annotations: LabelSelector;
  readonly serviceAccount: string;
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly isPod: boolean;
  readonly spec: Field;
}

/** Workloads by their labels. */
export interface WorkloadIndex {
  readonly all: readonly Workload[];
  /** Of one namespace, or with undefined of all. An empty selector selects everything. */
  select(namespace: string | undefined, selector: LabelSelector): readonly Workload[];
}

/** Of pods, and of all that makes pods from a template. */
export function indexWorkloads(objects: readonly AnalysedObject[]): WorkloadIndex {
  const all = objects.flatMap((object) => readWorkload(object) ?? []);
  const byNamespace = Map.groupBy(all, ({ namespace }) => namespace);
  const byLabel = new Map<string, Workload[]>();
  for (const workload of all) {
    for (const [key, value] of workload.labels) {
      for (const scope of [workload.namespace, '']) {
        const slot = slotOf(scope, key, value);
        const found = byLabel.get(slot);
        if (found === undefined) byLabel.set(slot, [workload]);
        else found.push(workload);
      }
    }
  }
  return {
    all,
    select(namespace, selector) {
      let best = namespace === undefined ? all : (byNamespace.get(namespace) ?? []);
      for (const [key, value] of selector) {
        const candidates = byLabel.get(slotOf(namespace ?? '', key, value)) ?? [];
        if (candidates.length < best.length) best = candidates;
      }
      return selector.size === 0 ? best : best.filter(({ labels }) => selects(selector, labels));
    },
  };
}

function readWorkload(object: AnalysedObject): Workload | undefined {
  const template = templateOf(object);
  if (template === undefined) return undefined;
  const isPod = object.kind === 'Pod';
  const metadata = template.key('metadata');
  const spec = template.key('spec');
  const account = spec.key('serviceAccountName').text() ?? spec.key('serviceAccount').text() ?? '';
  return {
    object,
    namespace: object.namespace,
    labels: isPod ? object.labels : metadata.key('labels').textMap(),
    annotations: isPod ? object.annotations : metadata.key('annotations').textMap(),
    serviceAccount: account === '' ? 'default' : account,
    node: spec.key('nodeName').text() ?? '',
    hostNetwork: spec.key('hostNetwork').value === true,
    isPod,
    spec,
  };
}

/** What a pod is, or is made from; undefined for kinds that make none. */
function templateOf({ group, kind, root, spec }: AnalysedObject): Field | undefined {
  if (group === '' && kind === 'Pod') return root;
  if (group === 'apps' && APPS.has(kind)) return spec.key('template');
  if (group !== 'batch') return undefined;
  if (kind === 'Job') return spec.key('template');
  return kind === 'CronJob' ? spec.key('jobTemplate').key('spec').key('template') : undefined;
}

function slotOf(namespace: string, key: string, value: string): string {
  return `${namespace}|${key}=${value}`;
}

const APPS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);
