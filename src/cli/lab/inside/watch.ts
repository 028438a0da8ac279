import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { CliContext } from '../../context.ts';
import { type LabOption, openLab, withLabOption } from '../lab-access.ts';
import { podOf } from './pod-of.ts';
import { wholeNumber } from '../../option-values.ts';

interface LogsOptions extends LabOption {
  readonly namespace: string;
  readonly container: string;
  readonly follow?: boolean;
  readonly tail?: number;
}

/** `nodemesh lab logs`. */
export function addLogsCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('logs')
      .description('what a container, or a part of the mesh, has written')
      .argument('<pod>', 'a pod, deploy/NAME, ztunnel/NODE, controller or supervisor')
      .option('-n, --namespace <namespace>', 'where the pod is', 'default')
      .option('-c, --container <name>', 'which container (default: the first)', '')
      .option('-f, --follow', 'go on with what is still to come')
      .option('--tail <lines>', 'only the last lines', wholeNumber),
  ).action(async (pod: string, options: LogsOptions) => {
    const client = openLab(context, options.name);
    const isPart = pod.startsWith('ztunnel/') || pod === 'controller' || pod === 'supervisor';
    const query = new URLSearchParams({
      namespace: options.namespace,
      pod: isPart ? pod : await podOf(client, options.namespace, pod),
      container: options.container,
    });
    if (options.follow === true) query.set('follow', 'true');
    if (options.tail !== undefined) query.set('tail', String(options.tail));
    const found = await copy(await client.stream('logs', query), context);
    if (!found && options.tail !== 0)
      context.terminal.stderr.write(`${pod} has written nothing (nodemesh lab status tells how it is)\n`);
  });
}

/** `nodemesh lab capture`. */
export function addCaptureCommand(lab: Command, context: CliContext): void {
  withLabOption(
    lab
      .command('capture')
      .description('what crosses the wire between a node and the others, as text')
      .argument('<node>')
      .argument('[filter...]', 'such as: port 8080; anything else goes to tcpdump')
      .option('--seconds <n>', 'stop after this long', wholeNumber),
  ).action(
    async (node: string, filter: readonly string[], options: LabOption & { readonly seconds?: number }) => {
      const query = new URLSearchParams({ node });
      if (filter.length > 0) query.append('filter', filter.join(' '));
      const stream = await openLab(context, options.name).stream('capture', query);
      if (options.seconds !== undefined) setTimeout(() => stream.destroy(), options.seconds * 1_000);
      await copy(stream, context);
    },
  );
}

/** Resolves at the stream's end, with whether there was anything. */
async function copy(stream: Readable, { terminal: { stdout } }: CliContext): Promise<boolean> {
  let any = false;
  stream.on('data', (chunk: Buffer) => {
    any = true;
    if (stdout.write(chunk)) return;
    stream.pause();
    stdout.once('drain', () => stream.resume());
  });
  // A stream that is cut short (by --seconds, or with the lab) has said all it will.
  stream.on('error', () => stream.destroy());
  await once(stream, 'close');
  return any;
}
