import { hostname } from 'node:os';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { collect } from '../option-values.ts';
import { stopSignal } from './stop-signal.ts';

interface ClientFlags {
  readonly method: string;
  readonly header: readonly string[];
  readonly followRedirects?: boolean;
  readonly count: string;
  readonly timeout: string;
}

/** The images echo-basic and echo-advanced of the Gateway API conformance manifests, and the latter's client. */
export function addEchoCommands(program: Command, { terminal: { stdout }, setExitCode }: CliContext): void {
  const write = (line: string): void => {
    stdout.write(`${line}\n`);
  };

  program.command('lab-echo-basic', { hidden: true }).action(async () => {
    const { runBasicEcho } = await import('../../lab/echo/index.ts');
    const { env } = process;
    await runBasicEcho(
      {
        httpPort: Number(env.HTTP_PORT ?? 3000),
        h2cPort: Number(env.H2C_PORT ?? 3001),
        namespace: env.NAMESPACE ?? '',
        pod: env.POD_NAME ?? '',
        ingress: env.INGRESS_NAME ?? '',
        service: env.SERVICE_NAME ?? '',
        write,
      },
      stopSignal(),
    );
  });

  program
    .command('lab-echo-advanced', { hidden: true })
    .option('--port <port>', '', collect, [])
    .option('--tcp <port>', '', collect, [])
    .option('--tls <port>', '', collect, [])
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (flags: Readonly<Record<'port' | 'tcp' | 'tls', readonly string[]>>) => {
      const { runAdvancedEcho } = await import('../../lab/echo/index.ts');
      await runAdvancedEcho(
        {
          // A port that is to speak TLS is named twice, as --port and as --tls.
          httpPorts: flags.port.filter((port) => !flags.tls.includes(port)).map(Number),
          tcpPorts: flags.tcp.map(Number),
          hostname: hostname(),
          write,
        },
        stopSignal(),
      );
    });

  program
    .command('lab-echo-client', { hidden: true })
    .argument('<url>')
    .option('--method <method>', '', 'GET')
    .option('-H, --header <header>', '', collect, [])
    .option('--follow-redirects')
    .option('--count <n>', '', '1')
    .option('--timeout <duration>', '', '30s')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (url: string, flags: ClientFlags) => {
      const { runEchoClient } = await import('../../lab/echo/index.ts');
      const code = await runEchoClient({
        url,
        method: flags.method,
        headers: flags.header,
        followRedirects: flags.followRedirects === true,
        count: Number(flags.count),
        timeoutMs: Number.parseFloat(flags.timeout) * 1_000,
        write,
      });
      setExitCode(code);
    });
}
