import type { Field, LabelSelector } from '../../../objects/index.ts';
import type { AnalysedMesh, AnalysedObject, Workload } from '../../subject/index.ts';

/** One server of one of Istio's Gateways. */
export interface GatewayServer {
  readonly gateway: AnalysedObject;
  readonly selector: LabelSelector;
  readonly field: Field;
  /** Undefined: it says none. */
  readonly port: number | undefined;
  /** As written, with the namespaces that they are for. */
  readonly hosts: readonly string[];
}

/** Those of all Gateways, in their order; of one without a selector too. */
export function gatewayServers(mesh: AnalysedMesh): readonly GatewayServer[] {
  return mesh.of('networking.istio.io/Gateway').flatMap((gateway) => {
    const selector = gateway.spec.key('selector').textMap();
    return gateway.spec
      .key('servers')
      .items()
      .map((field) => ({
        gateway,
        selector,
        field,
        port: field.key('port').key('number').integer(),
        hosts: field.key('hosts').texts(),
      }));
  });
}

/** Whether some pod has to do both: one selector is a part of the other, or a pod fits the two. */
export function selectSamePods(
  a: LabelSelector,
  b: LabelSelector,
  podsOf: (selector: LabelSelector) => readonly Workload[],
): boolean {
  if (isPartOf(a, b) || isPartOf(b, a)) return true;
  const pods = new Set(podsOf(a));
  return podsOf(b).some((pod) => pods.has(pod));
}

function isPartOf(part: LabelSelector, whole: LabelSelector): boolean {
  for (const [key, value] of part) if (whole.get(key) !== value) return false;
  return true;
}

/** A host without the namespace before its slash. */
export function bareHost(host: string): string {
  return host.slice(host.indexOf('/') + 1);
}
