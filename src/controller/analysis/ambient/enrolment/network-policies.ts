import { type Field, matchesQuery, parseLabelQuery } from '../../../objects/index.ts';
import { type Finding, finding, type MessageDefinition, OWN } from '../../messages/index.ts';
import { type AnalysedMesh, type AnalysedObject, enrolmentOf, type Workload } from '../../subject/index.ts';
import { describeWorkload } from './labels.ts';
import { letsThrough, probedPorts, PROBE_SOURCE } from './network-rules.ts';

/** NetworkPolicies that keep the tunnels, or the kubelet's probes, from pods of the mesh. */
export function* analyzeNetworkPolicies(mesh: AnalysedMesh): Iterable<Finding> {
  const told = new Set<string>();
  const once = (found: Finding): readonly Finding[] => {
    const key = `${found.definition.code} ${found.object.namespace}/${found.object.name}`;
    if (told.has(key)) return [];
    told.add(key);
    return [found];
  };
  const policies = new Map<string, readonly NetworkPolicy[]>();
  for (const workload of mesh.workloads.all) {
    if (enrolmentOf(mesh, workload) !== 'in') continue;
    const { namespace } = workload;
    const all =
      policies.get(namespace) ??
      mesh.inNamespace('networking.k8s.io/NetworkPolicy', namespace).map(readPolicy);
    policies.set(namespace, all);
    const own = all.filter(({ query }) => matchesQuery(query, workload.labels));
    for (const direction of ['ingress', 'egress'] as const)
      for (const found of blocked(workload, own, direction)) yield* once(found);
  }
}

interface NetworkPolicy {
  readonly object: AnalysedObject;
  readonly query: ReturnType<typeof parseLabelQuery>;
  readonly ingress: readonly Field[] | undefined;
  readonly egress: readonly Field[] | undefined;
}

/** Without policyTypes it is about what comes in, and about what goes out if it says anything of that. */
function readPolicy(object: AnalysedObject): NetworkPolicy {
  const { spec } = object;
  const types = spec.key('policyTypes').texts();
  const isAbout = (type: string, otherwise: boolean): boolean =>
    types.length === 0 ? otherwise : types.includes(type);
  return {
    object,
    query: parseLabelQuery(spec.key('podSelector')),
    ingress: isAbout('Ingress', true) ? spec.key('ingress').items() : undefined,
    egress: isAbout('Egress', spec.key('egress').present) ? spec.key('egress').items() : undefined,
  };
}

/** Policies add up: what one lets through is let through. A pod that nothing is let through to is meant to be alone. */
function* blocked(
  workload: Workload,
  policies: readonly NetworkPolicy[],
  direction: 'ingress' | 'egress',
): Iterable<Finding> {
  const about = policies.filter((policy) => policy[direction] !== undefined);
  const rules = about.flatMap((policy) => policy[direction] ?? []);
  if (rules.length === 0) return;
  const name = describeWorkload(workload);
  const at = (definition: MessageDefinition): readonly Finding[] =>
    about.map(({ object }) => finding(definition, { object, path: ['spec', direction] }, name));
  if (!rules.some((rule) => letsThrough(rule, TUNNEL_PORT)))
    yield* at(direction === 'ingress' ? OWN.TunnelPortBlocked : OWN.TunnelEgressBlocked);
  if (direction === 'egress') return;
  const probed = probedPorts(workload);
  if (!probed.every((port) => rules.some((rule) => letsThrough(rule, port, PROBE_SOURCE))))
    yield* at(OWN.ProbesBlocked);
}

const TUNNEL_PORT = { number: 15_008, name: '' };
