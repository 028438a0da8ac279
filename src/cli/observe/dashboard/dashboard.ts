import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { describeError, type MeshError } from '../../../base/index.ts';
import type { Dial } from '../../api/index.ts';
import { type ApiOptions, openApi, withApiOptions } from '../../running-mesh/index.ts';
import type { CliContext } from '../../context.ts';
import { stopSignal } from '../../hidden/stop-signal.ts';
import { portNumber } from '../../option-values.ts';
import { printableLines } from '../../terminal/index.ts';
import { printData } from '../../terminal/print-data.ts';
import { forwardPort } from './forward-port.ts';

interface DashboardOptions extends ApiOptions {
  /** False with `--no-open`. */
  readonly open: boolean;
  readonly output: 'text' | 'json';
  /** Of a cluster: where it is here; 0: anywhere. */
  readonly port: number;
}

/** `nodemesh dashboard`: opens the pages of the mesh, or of one node, in a browser. */
export function addDashboardCommand(program: Command, context: CliContext): void {
  withApiOptions(
    program
      .command('dashboard')
      .description('open the dashboard of the mesh, or of one node, in a browser')
      .option('--no-open', 'only print where it is')
      .addOption(
        new Option('--port <port>', 'of a cluster: the port of this machine that leads there')
          .argParser(portNumber)
          .default(0, 'a free one'),
      )
      .addOption(
        new Option('-o, --output <format>', 'how to print; json opens nothing')
          .choices(['text', 'json'])
          .default('text'),
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh dashboard                  the whole mesh
  $ nodemesh dashboard --node node-1    what the proxy of one node sees
  $ nodemesh dashboard --no-open        only the URL
  $ nodemesh dashboard --context prod   of a cluster: a port of this machine leads there until Ctrl-C`,
    )
    .action(async ({ open, output, port, ...where }: DashboardOptions) => {
      const { terminal } = context;
      const api = await openApi(context, where);
      // A page that does not answer is said here rather than by a browser.
      const { scope, node } = await api.get('/api/v1/info');
      const { dial } = api.address;
      const stop = dial === undefined ? undefined : stopSignal();
      const url = (dial === undefined ? api.address.url : await forwarded(context, dial, port)).href;
      if (output === 'json') printData(terminal, 'json', { url, scope, node });
      else {
        terminal.stdout.write(`${url}\n`);
        if (dial !== undefined) terminal.stderr.write('(forwarded to the cluster until Ctrl-C)\n');
        if (open && !(await openBrowser(url, context.browserEnvironment)))
          terminal.stderr.write(
            'no browser could be started here: open the URL in one (of this machine: it is loopback)\n',
          );
      }
      if (stop !== undefined && !stop.aborted) await once(stop, 'abort');
    });
}

/** A port here that leads to the dashboard of a cluster for as long as the command runs. */
async function forwarded(context: CliContext, dial: Dial, port: number): Promise<URL> {
  const { stderr } = context.terminal;
  const onFailure = (error: MeshError): void => {
    stderr.write(`${printableLines(describeError(error))}\n`);
  };
  return context.owned.own(await forwardPort({ dial, port, onFailure })).url;
}

/** Some openers stay for as long as their browser does: one that has not failed by then has done its work. */
const OPENED_MS = 2_000;

/** By the desktop's own opener; false where there is no desktop or no opener. */
function openBrowser(url: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (!environment.DISPLAY && !environment.WAYLAND_DISPLAY && !environment.BROWSER)
    return Promise.resolve(false);
  return new Promise((resolve) => {
    const opener = spawn('xdg-open', [url], { stdio: 'ignore', detached: true, env: environment });
    const timer = setTimeout(resolve, OPENED_MS, true);
    const settle = (isOpen: boolean): void => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    opener.on('error', () => settle(false));
    opener.on('exit', (code) => settle(code === 0));
    opener.unref();
  });
}
