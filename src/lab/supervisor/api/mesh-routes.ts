import type { Lab } from '../lab.ts';
import { badRequest, field, type JsonHandler, stringField } from './router.ts';

/** What a proxy's admin port said. */
export interface AdminAnswer {
  readonly node: string;
  readonly status: number;
  readonly body: string;
}

export function meshRoutes(lab: Lab): Readonly<Record<string, JsonHandler>> {
  return {
    'GET /v1/nodes': () => lab.nodes.map(({ description }) => description.name),
    'POST /v1/mesh/control': ({ body }) => {
      const verb = stringField(body, 'verb');
      const node = field(body, 'node');
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
      const method = field(body, 'method');
      const content = field(body, 'body');
      const answer = await lab
        .ztunnel(node)
        .admin(
          typeof method === 'string' ? method : 'GET',
          stringField(body, 'path'),
          typeof content === 'string' ? content : '',
        );
      return { node, status: answer.status, body: answer.body };
    },
  };
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
