import { spawn } from 'node:child_process';
import { type Command, Option } from 'commander';
import { type ApiOptions, openApi, withApiOptions } from '../api/index.ts';
import type { CliContext } from '../context.ts';
import { printData } from '../terminal/index.ts';

interface DashboardOptions extends ApiOptions {
  /** False with `--no-open`. */
  readonly open: boolean;
  readonly output: 'text' | 'json';
}

/** `nodemesh dashboard`: opens the pages of the mesh, or of one node, in a browser. */
export function addDashboardCommand(program: Command, context: CliContext): void {
  withApiOptions(
    program
      .command('dashboard')
      .description('open the dashboard of the mesh, or of one node, in a browser')
      .option('--no-open', 'only print where it is')
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
  $ nodemesh dashboard --no-open        only the URL`,
    )
    .action(async ({ open, output, ...where }: DashboardOptions) => {
      const { terminal } = context;
      const api = await openApi(context, where);
      // A page that does not answer is said here rather than by a browser.
      const { scope, node } = await api.get('/api/v1/info');
      const url = api.address.url.href;
      if (output === 'json') {
        printData(terminal, 'json', { url, scope, node });
        return;
      }
      terminal.stdout.write(`${url}\n`);
      if (!open) return;
      if (await openBrowser(url, context.browserEnvironment)) return;
      terminal.stderr.write(
        'no browser could be started here: open the URL in one (of this machine: it is loopback)\n',
      );
    });
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
