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

/** By the desktop's own opener; false where there is no desktop or no opener. */
function openBrowser(url: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (!environment.DISPLAY && !environment.WAYLAND_DISPLAY && !environment.BROWSER)
    return Promise.resolve(false);
  return new Promise((resolve) => {
    const opener = spawn('xdg-open', [url], { stdio: 'ignore', detached: true, env: environment });
    opener.on('error', () => resolve(false));
    // It ends at once when it has handed the URL over, with another status when nobody took it.
    opener.on('exit', (code) => resolve(code === 0));
    opener.unref();
  });
}
