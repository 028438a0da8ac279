import {
  CONTROLLER_ADMIN_PORT,
  CONTROLLER_NAMESPACE,
  CONTROLLER_OPERATOR_PORT,
  type NamespaceResponse,
  requestInNamespace,
} from '../../mesh/index.ts';
import type { Lab } from '../lab.ts';
import { badRequest, bodyField, type JsonHandler, stringField } from './router.ts';

/** In place of a node's name: the controller. */
const CONTROLLER = 'controller';
const CONTROLLER_TIMEOUT_MS = 5_000;

/** What a proxy's or the controller's admin port said. */
export interface AdminAnswer {
  readonly node: string;
  readonly status: number;
  readonly body: string;
}

/** To the lab's own processes, and through them to their admin ports. */
export function meshRoutes(lab: Lab): Readonly<Record<string, JsonHandler>> {
  return {
    'GET /v1/nodes': () => lab.nodes.map(({ description }) => description.name),
    'POST /v1/mesh/control': ({ body }) => {
      const verb = stringField(body, 'verb');
      const node = bodyField(body, 'node');
      const part = typeof node === 'string' ? lab.ztunnel(node) : controllerOf(lab);
      if (verb === 'kill') part.crash();
      else if (verb === 'stop') part.hold();
      else if (verb === 'start') part.resume();
      else throw badRequest('verb: expected kill, stop or start');
      return {};
    },
    'POST /v1/ztunnel/upgrade': ({ body }) => lab.ztunnel(stringField(body, 'node')).upgrade(),
    'POST /v1/ztunnel/admin': async ({ body }): Promise<AdminAnswer> => {
      const node = stringField(body, 'node');
      const method = bodyField(body, 'method');
      const content = bodyField(body, 'body');
      const path = stringField(body, 'path');
      const verb = typeof method === 'string' ? method : 'GET';
      const answer =
        node === CONTROLLER
          ? await askController(lab, verb, path)
          : await lab.ztunnel(node).admin(verb, path, typeof content === 'string' ? content : '');
      return { node, status: answer.status, body: answer.body };
    },
  };
}

/** Metrics, readiness and public roots are for everybody; all else is on the port that only loopback reaches. */
function askController(lab: Lab, method: string, path: string): Promise<NamespaceResponse> {
  controllerOf(lab);
  const isPublic = /^\/(metrics|stats\/prometheus|healthz\/ready|ca\/roots)$/.test(path);
  return requestInNamespace({
    namespace: CONTROLLER_NAMESPACE,
    port: isPublic ? CONTROLLER_ADMIN_PORT : CONTROLLER_OPERATOR_PORT,
    method,
    path,
    timeoutMs: CONTROLLER_TIMEOUT_MS,
  });
}

function controllerOf(lab: Lab): { crash(): void; hold(): void; resume(): void } {
  const controller = lab.controller();
  if (controller === undefined) throw badRequest('this lab has no controller (yet)');
  return {
    crash: () => controller.signal('SIGKILL'),
    hold: () => controller.hold(),
    resume: () => controller.resume(),
  };
}
