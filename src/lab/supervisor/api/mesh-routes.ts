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
    'POST /v1/ztunnel/kill': ({ body }) => {
      lab.ztunnel(stringField(body, 'node')).crash();
      return {};
    },
    'POST /v1/ztunnel/upgrade': ({ body }) => lab.ztunnel(stringField(body, 'node')).upgrade(),
    'POST /v1/controller/kill': () => {
      lab.controller()?.signal('SIGKILL');
      return {};
    },
    'POST /v1/controller/signal': ({ body }) => {
      const signal = stringField(body, 'signal');
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT')
        throw badRequest('signal: expected SIGSTOP or SIGCONT');
      lab.controller()?.signal(signal);
      return {};
    },
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
