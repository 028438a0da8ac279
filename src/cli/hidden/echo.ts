import { hostname } from 'node:os';
import type { Command } from 'commander';
import type { BasicEchoOptions } from '../../lab/echo/index.ts';
import type { CliContext } from '../context.ts';
import { collect } from '../option-values.ts';
import { stopSignal } from './stop-signal.ts';

interface ClientFlags {
  readonly method: string;
  readonly header: readonly string[];
  readonly followRedirects?: boolean;
  readonly http2?: boolean;
  readonly msg: string;
  readonly count: string;
  readonly timeout: string;
}

interface ServerFlags {
  readonly port: readonly string[];
  readonly grpc: readonly string[];
  readonly tcp: readonly string[];
  readonly tls: readonly string[];
  readonly crt: string;
  readonly key: string;
}

/** The images echo-basic and echo-advanced of the Gateway API conformance manifests, and the latter's client. */
export function addEchoCommands(program: Command, { terminal: { stdout }, setExitCode }: CliContext): void {
  const write = (line: string): void => {
    stdout.write(`${line}\n`);
  };

  program.command('lab-echo-basic', { hidden: true }).action(async () => {
    const { runBasicEcho } = await import('../../lab/echo/index.ts');
    await runBasicEcho(basicOptions(process.env, write), stopSignal());
  });

  program
    .command('lab-echo-advanced', { hidden: true })
    .option('--port <port>', '', collect, [])
    .option('--grpc <port>', '', collect, [])
    .option('--tcp <port>', '', collect, [])
    .option('--tls <port>', '', collect, [])
    .option('--crt <file>', '', '/cert.crt')
    .option('--key <file>', '', '/cert.key')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (flags: ServerFlags) => {
      const { runAdvancedEcho } = await import('../../lab/echo/index.ts');
      await runAdvancedEcho(
        {
          httpPorts: portsOr(8080, flags.port),
          grpcPorts: portsOr(7070, flags.grpc),
          tcpPorts: portsOr(9090, flags.tcp),
          // Each is one of the others, named again.
          tlsPorts: flags.tls.map(Number),
          certificate: { certificate: flags.crt, key: flags.key },
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
    .option('-L, --follow-redirects')
    .option('--http2')
    .option('--msg <text>', '', 'HelloWorld')
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
        http2: flags.http2 === true,
        message: flags.msg,
        count: Number(flags.count),
        timeoutMs: Number.parseFloat(flags.timeout) * 1_000,
        write,
      });
      setExitCode(code);
    });
}

/** As Istio's image: what is given replaces the default. */
function portsOr(otherwise: number, given: readonly string[]): readonly number[] {
  return given.length === 0 ? [otherwise] : given.map(Number);
}

/** The environment that the Gateway API manifests give the image. */
function basicOptions(env: NodeJS.ProcessEnv, write: (line: string) => void): BasicEchoOptions {
  const isSet = (name: string): boolean => (env[name] ?? '') !== '';
  // The gRPC and the TCP server of the suite know the key by another name than its HTTP server.
  const key = env.TLS_SERVER_PRIVKEY ?? env.TLS_SERVER_PRIV_KEY ?? '';
  const certificate = env.TLS_SERVER_CERT ?? '';
  return {
    kind: isSet('GRPC_ECHO_SERVER') ? 'grpc' : isSet('TCP_ECHO_SERVER') ? 'tcp' : 'http',
    port: Number(env.HTTP_PORT ?? env.TCP_PORT ?? 3000),
    h2cPort: Number(env.H2C_PORT ?? 3001),
    tlsPort: Number(env.HTTPS_PORT ?? env.TLS_PORT ?? 8443),
    certificate: certificate === '' || key === '' ? undefined : { certificate, key },
    pod: {
      namespace: env.NAMESPACE ?? '',
      ingress: env.INGRESS_NAME ?? '',
      service: env.SERVICE_NAME ?? '',
      pod: env.POD_NAME ?? '',
    },
    write,
  };
}
