import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import {
  type MeshPlaceOptions,
  openMesh,
  type RunningMesh,
  withMeshPlaceOptions,
} from '../running-mesh/index.ts';
import { printForeign } from '../terminal/index.ts';

interface AdminOptions extends MeshPlaceOptions {
  readonly pod?: string;
  readonly post?: boolean;
}

interface AdminRequest {
  readonly path: string;
  readonly method: 'GET' | 'POST';
}

/** Asks one part of the mesh. */
type Ask = (
  mesh: RunningMesh,
  request: AdminRequest,
) => Promise<{ readonly status: number; readonly body: string }>;

/** `nodemesh admin PART PATH`: metrics, dumps and log levels, which listen out of reach of a browser. */
export function addAdminCommand(program: Command, context: CliContext): void {
  const command = program
    .command('admin')
    .description('what a ztunnel, a waypoint or the controller serves over HTTP: metrics, dumps, log levels')
    .argument('<part>', 'ztunnel/NODE, waypoint/NAMESPACE/NAME or controller')
    .argument('[path]', 'such as /metrics; without it: what there is', '/')
    .option('--pod <name>', 'which pod of the waypoint (default: the first that is ready)')
    .option('--post', 'POST instead of GET: for what changes something');
  withMeshPlaceOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh admin ztunnel/node-1 /metrics
  $ nodemesh admin ztunnel/node-1 /config_dump
  $ nodemesh admin ztunnel/node-1 '/logging?level=info,access=debug' --post
  $ nodemesh admin waypoint/shop/waypoint /config_dump
  $ nodemesh admin controller /debug/problems`,
    )
    .action(async (part: string, path: string, options: AdminOptions) => {
      const ask = partNamed(part, options.pod);
      const request: AdminRequest = {
        path: path.startsWith('/') ? path : `/${path}`,
        method: options.post === true ? 'POST' : 'GET',
      };
      const { status, body: said } = await ask(
        await openMesh(context, options, { changes: options.post === true }),
        request,
      );
      const isListing = path === '/' || status === 404;
      const body = isListing && part !== 'controller' ? withOtherPorts(said) : said;
      if (status >= 300) throw refused(part, request, status, body.trim());
      printForeign(context.terminal, body);
    });
}

/** A proxy lists what its admin port serves; this command reaches its other two as well. */
export function withOtherPorts(listing: string): string {
  const end = listing === '' || listing.endsWith('\n') ? '' : '\n';
  return `${listing}${end}GET  /metrics  what Prometheus scrapes\nGET  /healthz/ready  whether it is ready\n`;
}

function partNamed(part: string, pod: string | undefined): Ask {
  const [, namespace, name] = /^waypoint\/([^/]+)\/([^/]+)$/.exec(part) ?? [];
  if (namespace !== undefined && name !== undefined)
    return (mesh, request) => mesh.waypointAdmin({ namespace, name, pod }, request);
  if (pod !== undefined)
    throw mistake(`--pod: expected a part waypoint/NAMESPACE/NAME, got ${JSON.stringify(part)}`);
  const node = part === 'controller' ? part : /^ztunnel\/([^/]+)$/.exec(part)?.[1];
  if (node !== undefined) return (mesh, { path, method }) => mesh.admin(node, path, method);
  throw mistake(`expected ztunnel/NODE, waypoint/NAMESPACE/NAME or controller, got ${JSON.stringify(part)}`);
}

function mistake(message: string): CliError {
  return new CliError({
    code: 'ERR_CLI_OPTION',
    blame: 'downstream',
    message,
    hint: 'nodemesh lab status (or kubectl get nodes) lists the nodes, nodemesh waypoint list -A the waypoints',
  });
}

function refused(part: string, { method, path }: AdminRequest, status: number, body: string): CliError {
  return new CliError({
    code: 'ERR_CLI_API_ANSWER',
    blame: 'downstream',
    message: `${part} answered ${method} ${path} with status ${status}${body === '' ? '' : `: ${body}`}`,
    hint: `nodemesh admin ${part} lists what there is`,
  });
}
