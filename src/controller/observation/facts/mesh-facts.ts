import type { Clock } from '../../../base/index.ts';
import type { Authority } from '../../../identity/index.ts';
import type { Facts } from '../../../telemetry/index.ts';
import type { DeltaServer } from '../../../xds/index.ts';
import type { MeshCollections } from '../../collections/index.ts';
import type { ReportedProxy } from '../observation-service.ts';
import { meshCertificates } from './mesh-certificates.ts';
import { meshPolicies } from './mesh-policies.ts';
import { meshProxies } from './mesh-proxies.ts';
import { meshServices } from './mesh-services.ts';
import { meshWaypoints } from './mesh-waypoints.ts';
import { meshWorkloads } from './mesh-workloads.ts';

/** What the facts are read from, at each request. */
export interface MeshFactsParts {
  readonly collections: MeshCollections;
  readonly authority: Pick<Authority, 'roots'>;
  readonly server: Pick<DeltaServer, 'proxies'>;
  readonly reported: () => ReadonlyMap<string, ReportedProxy>;
  readonly version: string;
  readonly trustDomain: string;
  readonly rootNamespace: string;
  readonly clock: Clock;
}

/** What the controller tells of the whole mesh: its own collections, with what only the proxies know of them. */
export function createMeshFacts(parts: MeshFactsParts): Facts {
  const { collections, authority, server, clock } = parts;
  const startedMs = clock.now();
  return {
    info: () => ({
      scope: 'mesh',
      node: '',
      version: parts.version,
      trustDomain: parts.trustDomain,
      startedMs,
      meshUrl: '',
    }),
    workloads: (windowMs) => meshWorkloads(collections, parts.reported(), windowMs),
    services: () => meshServices(collections),
    connections: () => ({ connections: [], total: 0 }),
    certificates: () => meshCertificates(authority, parts.reported(), collections),
    policies: () => meshPolicies(collections, parts.reported(), parts.rootNamespace),
    waypoints: () => meshWaypoints(collections, parts.reported()),
    proxies: () =>
      meshProxies(
        server.proxies(),
        parts.reported(),
        (pod) => collections.pods.get(pod)?.node ?? '',
        clock.now(),
      ),
  };
}
