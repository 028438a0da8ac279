import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { collect } from '../option-values.ts';
import { outputOption } from '../lab/output-option.ts';
import { withMeshPlaceOptions } from '../running-mesh/index.ts';
import type { ExplainFlags } from './explain-flags.ts';

/** `nodemesh explain SRC DST`. What decides is loaded only when it is asked. */
export function addExplainCommand(program: Command, context: CliContext): void {
  const command = program
    .command('explain')
    .description('may SRC reach DST, by which way, and who decides: one verdict through every hop')
    .argument(
      '<source>',
      'NAMESPACE/POD, deploy/NAMESPACE/NAME, sa/NAMESPACE/NAME, an IP address, or outside',
    )
    .argument('<destination>', 'a service, pod, address or hostname, with :PORT or not')
    .option('-n, --namespace <namespace>', 'of names that are written without one')
    .option('--method <method>', 'of the request', 'GET')
    .option('--path <path>', 'of the request, with its query', '/')
    .option('--header <name: value>', 'of the request; repeatable', collect, [])
    .option('--host <host>', 'the Host that the request names (default: what is dialled)')
    .option('--jwt <token|@file>', 'a bearer token, or the file that has one')
    .option('--jwks <file>', 'keys to check the token with, where the waypoint would fetch them')
    .option('--tcp', 'something else than HTTP')
    .option('--sni <name>', 'with --tcp: the name that its TLS handshake asks for', '')
    .option('-f, --filename <file>', 'objects of files instead of a running mesh; repeatable', collect, [])
    .option('--trust-domain <name>', 'with -f: the trust domain of the mesh')
    .option('--root-namespace <name>', 'with -f: whose policies hold for the whole mesh');
  withMeshPlaceOptions(command)
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Exit status: 0 when it is allowed, 1 when it is refused, 2 when it cannot be told from here (an authorizer decides, say).
A mistake (a name of nobody) is 1 too, and prints nothing on standard output.

Examples:
  $ nodemesh explain deploy/shop/shopper cart:8080
  $ nodemesh explain shop/frontend cart:8080 --method POST --path /orders --header 'x-team: checkout'
  $ nodemesh explain outside shop/cart:8080                     a client without the mesh
  $ nodemesh explain sa/shop/shopper payments -f manifests/     before anything is applied
  $ nodemesh explain shop/shopper cart -o json --jwt @token.txt`,
    )
    .action(async (source: string, destination: string, flags: ExplainFlags) => {
      const { runExplain } = await import('./run-explain.ts');
      await runExplain(context, { source, destination, flags });
    });
}
