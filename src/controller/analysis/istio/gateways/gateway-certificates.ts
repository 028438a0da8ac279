import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import { type AnalysedMesh, nameOf } from '../../subject/index.ts';
import { type GatewayServer, gatewayServers, selectSamePods } from './gateway-servers.ts';

/** The same certificate in several Gateways of the same pods: a client may reuse a connection for the wrong one. */
export function* analyzeGatewayCertificates(mesh: AnalysedMesh): Iterable<Finding> {
  const podsOf = (selector: GatewayServer['selector']) => mesh.workloads.select(undefined, selector);
  const byCertificate = Map.groupBy(gatewayServers(mesh), certificateOf);
  byCertificate.delete('');
  for (const servers of byCertificate.values()) {
    const told = new Set<object>();
    for (const { gateway, selector, field } of servers) {
      const others = servers.filter(
        (other) => other.gateway !== gateway && selectSamePods(selector, other.selector, podsOf),
      );
      if (others.length === 0 || told.has(gateway)) continue;
      told.add(gateway);
      const names = [gateway, ...others.map((other) => other.gateway)].map(nameOf);
      const at = { object: gateway, path: field.key('tls').path };
      yield finding(ISTIO.GatewayDuplicateCertificate, at, [...new Set(names)].sort());
    }
  }
}

/** By what name two servers have the same; empty: by none. */
function certificateOf({ field }: GatewayServer): string {
  const tls = field.key('tls');
  const credential = tls.key('credentialName').text() ?? '';
  if (credential !== '') return `credential ${credential}`;
  const [certificate = '', key = ''] = [tls.key('serverCertificate').text(), tls.key('privateKey').text()];
  return certificate === '' || key === '' ? '' : `files ${certificate} ${key}`;
}
