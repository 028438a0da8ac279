import type { Command } from 'commander';
import { LabError } from '../../lab/index.ts';
import type { CliContext } from '../context.ts';
import { openLab } from '../lab/lab-access.ts';

interface AdminOptions {
  readonly lab?: string;
  readonly post?: boolean;
}

/** `nodemesh admin ztunnel/NODE|controller PATH`: metrics, dumps and log levels, which listen out of reach of a browser. */
export function addAdminCommand(program: Command, context: CliContext): void {
  program
    .command('admin')
    .description('what a ztunnel or the controller serves over HTTP: metrics, dumps, log levels')
    .argument('<part>', 'ztunnel/NODE or controller')
    .argument('[path]', 'such as /metrics; without it: what there is', '/')
    .option('--post', 'POST instead of GET: for what changes something')
    .option('--lab <name>', 'which lab, when several are running')
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh admin ztunnel/node-1 /metrics
  $ nodemesh admin ztunnel/node-1 /config_dump
  $ nodemesh admin ztunnel/node-1 '/logging?level=info,access=debug' --post
  $ nodemesh admin controller /debug/problems`,
    )
    .action(async (part: string, path: string, options: AdminOptions) => {
      const node = nodeOf(part);
      const method = options.post === true ? 'POST' : 'GET';
      const { status, body } = await openLab(context, options.lab).admin(
        node,
        path.startsWith('/') ? path : `/${path}`,
        method,
      );
      if (status >= 300) throw refused(part, `${method} ${path}`, status, body.trim());
      context.terminal.stdout.write(body.endsWith('\n') ? body : `${body}\n`);
    });
}

function nodeOf(part: string): string {
  if (part === 'controller') return part;
  const node = /^ztunnel\/(.+)$/.exec(part)?.[1];
  if (node !== undefined) return node;
  throw new LabError({
    code: 'ERR_LAB_REQUEST',
    blame: 'downstream',
    message: `expected ztunnel/NODE or controller, got ${JSON.stringify(part)}`,
    hint: 'nodemesh lab status lists the nodes',
  });
}

function refused(part: string, request: string, status: number, body: string): LabError {
  return new LabError({
    code: 'ERR_LAB_REQUEST',
    blame: 'downstream',
    message: `${part} answered ${request} with status ${status}${body === '' ? '' : `: ${body}`}`,
    hint: `nodemesh admin ${part} lists what there is`,
  });
}
