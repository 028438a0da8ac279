import type { LabClient } from '../../lab/client/index.ts';
import { LabError, type LabStatus } from '../../lab/index.ts';
import { createApiClient } from '../api/index.ts';
import type { LogOwner, RunningMesh } from './running-mesh.ts';

/** The mesh of a lab, through its supervisor. Everything rejects with LabError. */
export function createLabMesh(lab: LabClient): RunningMesh {
  return {
    place: 'lab',
    tool: 'nodemesh lab',
    async nodes() {
      const { nodes } = await lab.status();
      return nodes.flatMap(({ name, ztunnel }) => (ztunnel === null ? [] : [name]));
    },
    api: async (node) => createApiClient({ url: dashboardOf(await lab.status(), node), token: undefined }),
    admin: (part, path, method) => lab.admin(part, path, method),
    waypointAdmin: (waypoint, request) => lab.waypointAdmin(waypoint, request),
    kinds: () => lab.kinds(),
    objects: (kind, namespace, name) => lab.objects(kind, namespace, name),
    log: (owner, { tail, follow }) =>
      lab.stream(
        'logs',
        new URLSearchParams({
          ...logQuery(owner),
          tail: String(tail),
          ...(follow === true ? { follow: 'true' } : {}),
        }),
      ),
  };
}

function logQuery(owner: LogOwner): Readonly<Record<string, string>> {
  if (owner.kind === 'waypoint') return { pod: owner.pod, namespace: owner.namespace };
  return { pod: owner.kind === 'ztunnel' ? `ztunnel/${owner.node}` : 'controller' };
}

/** Of a lab: a node's, or without a node the controller's. Throws LabError. */
export function dashboardOf(status: LabStatus, node: string | undefined): URL {
  const found = node === undefined ? status : status.nodes.find(({ name }) => name === node);
  if (found === undefined)
    throw new LabError({
      code: 'ERR_LAB_NOT_FOUND',
      blame: 'downstream',
      message: `no node ${node}`,
      hint: `nodes: ${status.nodes.map(({ name }) => name).join(', ')}`,
    });
  if (found.dashboard !== null) return new URL(found.dashboard);
  throw new LabError({
    code: 'ERR_LAB_UNAVAILABLE',
    blame: 'downstream',
    message: `the lab ${status.name} has no mesh and so no dashboard`,
    hint: 'start it without --no-mesh',
  });
}
