import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addEchoCommands } from './echo.ts';
import { stopSignal } from './stop-signal.ts';

/** What the lab starts of this very program; nobody types these. */
export function addHiddenCommands(program: Command, context: CliContext): void {
  addEchoCommands(program, context);
  const { stdout, stderr } = context.terminal;
  const hidden = (name: string): Command => program.command(name, { hidden: true });

  hidden('lab-supervisor')
    .argument('<state>')
    .action(async (state: string) => {
      const { supervise } = await import('../../lab/supervisor/index.ts');
      const { createLogger } = await import('../../telemetry/index.ts');
      await supervise(state, createLogger({ stream: stderr }), stopSignal());
      process.exit(0);
    });

  hidden('lab-node-agent')
    .requiredOption('--dns <address>')
    .action(async (options: { readonly dns: string }) => {
      const { runNodeAgent } = await import('../../lab/node-agent/index.ts');
      await runNodeAgent(
        {
          send: (reply) => process.send?.(reply),
          // The other end is the lab's supervisor, of this very version.
          onRequest: (listener) =>
            process.on('message', (message) => listener(message as Parameters<typeof listener>[0])),
        },
        options.dns,
      );
      process.on('disconnect', () => process.exit(0));
    });

  hidden('lab-shop')
    .argument('<role>')
    .option('--port <port>', '', '8080')
    .option('--next <url>', '', '')
    .option('--rate <rps>', '', '5')
    .action(
      async (
        role: string,
        options: { readonly port: string; readonly next: string; readonly rate: string },
      ) => {
        const { runShop, SHOP_ROLES } = await import('../../lab/sample/index.ts');
        const known = SHOP_ROLES.find((candidate) => candidate === role);
        if (known === undefined) program.error(`expected one of ${SHOP_ROLES.join(', ')}, got ${role}`);
        await runShop(
          {
            role: known,
            port: Number(options.port),
            next: options.next,
            requestsPerSecond: Number(options.rate),
            podName: process.env.POD_NAME ?? '',
            write: (line) => stdout.write(`${line}\n`),
          },
          stopSignal(),
        );
      },
    );
}
