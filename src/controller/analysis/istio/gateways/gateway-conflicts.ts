import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  createOverlapIndex,
  formatSelector,
  nameOf,
  type OverlapIndex,
} from '../../subject/index.ts';
import { bareHost, type GatewayServer, gatewayServers, selectSamePods } from './gateway-servers.ts';

/** Servers of different Gateways with the same pods, port and hosts. */
export function* analyzeGatewayConflicts(mesh: AnalysedMesh): Iterable<Finding> {
  const servers = gatewayServers(mesh).filter(({ port }) => port !== undefined);
  const candidates = indexServers(mesh, servers);
  const podsOf = (selector: GatewayServer['selector']) => mesh.workloads.select(undefined, selector);
  for (const server of servers) {
    const rivals = new Set<string>();
    for (const other of candidates(server)) {
      if (other.gateway === server.gateway || bindOf(other) !== bindOf(server)) continue;
      if (selectSamePods(server.selector, other.selector, podsOf)) rivals.add(nameOf(other.gateway));
    }
    if (rivals.size === 0) continue;
    yield finding(
      ISTIO.ConflictingGateways,
      { object: server.gateway, path: server.field.path },
      [...rivals].sort().join(','),
      formatSelector(server.selector),
      String(server.port),
      server.hosts.join(','),
    );
  }
}

function bindOf({ field }: GatewayServer): string {
  return field.key('bind').text() ?? '';
}

/** Servers that may have pods, port and a host in common with one. */
function indexServers(
  mesh: AnalysedMesh,
  servers: readonly GatewayServer[],
): (server: GatewayServer) => Iterable<GatewayServer> {
  const bySlot = new Map<string, OverlapIndex<GatewayServer>>();
  for (const server of servers) {
    for (const slot of slotsOf(mesh, server)) {
      const index = bySlot.get(slot) ?? createOverlapIndex<GatewayServer>();
      bySlot.set(slot, index);
      for (const host of server.hosts) index.add(bareHost(host), server);
    }
  }
  return function* (server) {
    for (const slot of slotsOf(mesh, server))
      for (const host of server.hosts) yield* bySlot.get(slot)?.find(bareHost(host)) ?? [];
  };
}

/** Selectors that select the same pods have a pair in common, or a pod. */
function slotsOf(mesh: AnalysedMesh, { port, selector }: GatewayServer): readonly string[] {
  const pairs = [...selector].map(([key, value]) => `${port} ${key}=${value}`);
  const pods = mesh.workloads
    .select(undefined, selector)
    .slice(0, PODS_LOOKED_AT)
    .map(({ object }) => `${port} ${object.kind} ${nameOf(object)}`);
  return [...pairs, ...pods];
}

/** One pod is enough to find another Gateway by; a selector that selects everything need not be filed under all of them. */
const PODS_LOOKED_AT = 16;
