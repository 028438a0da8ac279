import type { Kubectl } from '../support/kubectl.ts';

interface Item {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly name: string;
    readonly namespace?: string;
  };
  readonly [field: string]: unknown;
}

/** All objects of all kinds that can be listed, each as text, without what the API server counts and dates. */
export async function everything(kubectl: Kubectl): Promise<ReadonlyMap<string, string>> {
  const kinds = (await kubectl.must(['api-resources', '--verbs=list,delete', '-o', 'name']))
    .trim()
    .split('\n')
    .filter((kind) => !OF_THE_API_SERVER.has(kind));
  const { items } = await kubectl.get(kinds.join(), '-A');
  return new Map((items as readonly Item[]).map((item) => [keyOf(item), textOf(item)]));
}

function keyOf({ apiVersion, kind, metadata: { namespace = '', name } }: Item): string {
  return `${apiVersion} ${kind} ${namespace}/${name}`;
}

function textOf({ metadata, ...rest }: Item): string {
  const kept = Object.entries(metadata).filter(([name]) => !COUNTED.has(name));
  return JSON.stringify({ ...rest, metadata: Object.fromEntries(kept) });
}

/** They change by themselves. */
const OF_THE_API_SERVER = new Set(['events', 'events.events.k8s.io', 'leases.coordination.k8s.io']);
const COUNTED = new Set(['resourceVersion', 'managedFields', 'generation']);
