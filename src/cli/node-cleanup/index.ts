import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { durationMs } from '../option-values.ts';
import { printable } from '../terminal/index.ts';
import { cleanUpNode } from './clean-up.ts';

interface NodeCleanupOptions {
  readonly hostProc: string;
  readonly hostNetworkNamespace?: string;
  readonly nodeFolder: string;
  readonly wait: number;
}

/** `nodemesh node-cleanup`: what `uninstall` runs on every node when its ztunnel is gone. */
export function addNodeCleanupCommand(program: Command, { terminal }: CliContext): void {
  program
    .command('node-cleanup')
    .description('take everything off this node that its ztunnels have left; nothing of another mesh')
    .option('--host-proc <folder>', "the machine's /proc, by whose processes pods are found", '/proc')
    .option('--host-network-namespace <file>', "the node's network namespace (default: that of process 1)")
    .option('--node-folder <folder>', "the ztunnels' folder for sockets and state", '/var/run/nodemesh')
    .addOption(
      new Option('--wait <duration>', 'how long connections that were captured have to end')
        .argParser(durationMs)
        .default(durationMs('10s'), '10s'),
    )
    .addHelpText(
      'after',
      `
Refuses while a ztunnel answers here. \`nodemesh uninstall\` runs it on every node; may be repeated.

Examples:
  $ nodemesh node-cleanup --host-proc /host/proc --node-folder /host/run/nodemesh
`,
    )
    .action((options: NodeCleanupOptions) =>
      cleanUpNode({
        proc: options.hostProc,
        hostNetwork: options.hostNetworkNamespace ?? `${options.hostProc}/1/ns/net`,
        folder: options.nodeFolder,
        waitMs: options.wait,
        tell: (text) => void terminal.stdout.write(`${printable(text)}\n`),
      }),
    );
}
