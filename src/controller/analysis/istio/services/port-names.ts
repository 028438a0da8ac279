import type { Field } from '../../../objects/index.ts';
import { appProtocolOf } from '../../../translate/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';

/** Ports that do not say what they speak. */
export function* analyzePortNames(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('/Service')) {
    if (SYSTEM.has(object.namespace) || isControlPlane(object)) continue;
    const isName = object.spec.key('type').value === 'ExternalName';
    for (const port of object.spec.key('ports').items()) {
      const protocol = protocolOf(port);
      if (isName) {
        if (protocol === 'unknown' || protocol === 'tcp')
          yield finding(ISTIO.ExternalNameServiceTypeInvalidPortName, { object, path: port.path });
      } else if (protocol === 'unknown') {
        const at = { object, path: port.path };
        const target = port.key('targetPort').value;
        yield finding(
          ISTIO.PortNameIsNotUnderNamingConvention,
          at,
          port.key('name').text() ?? '',
          port.key('port').integer() ?? 0,
          typeof target === 'number' || typeof target === 'string' ? target : '0',
        );
      }
    }
  }
}

function protocolOf(port: Field): string {
  if (port.key('protocol').value === 'UDP') return 'udp';
  const name = port.key('name').text() ?? '';
  const prefix = name.toLowerCase().split('-', 1)[0] ?? '';
  const appProtocol = port.key('appProtocol').text() ?? '';
  if (prefix === 'udp' || prefix === 'hbone') return prefix;
  // As the Services that the controller makes for waypoints have it.
  if (appProtocol.toLowerCase() === 'hbone') return 'hbone';
  return appProtocolOf({ name, port: port.key('port').integer() ?? 0, appProtocol });
}

/** The mesh's own parts. */
function isControlPlane({ labels }: AnalysedObject): boolean {
  return labels.has('istio') || labels.get('release') === 'istio';
}

const SYSTEM: ReadonlySet<string> = new Set([
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
]);
