import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { test } from 'tap';
import { familiesFor } from '../../src/cli/command-families.ts';
import { createCliContext } from '../../src/cli/context.ts';

/** Run before the command line in its process: writes down which of our modules it loads. */
const OBSERVER = `
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
registerHooks({ load(url, context, next) { writeSync(2, \`loaded \${url}\\n\`); return next(url, context); } });
`;

/** Paths below src of the modules that a command loads. */
function modulesOf(...args: readonly string[]): Promise<readonly string[]> {
  const observer = `data:text/javascript,${encodeURIComponent(OBSERVER)}`;
  return new Promise((settle) => {
    execFile(
      process.execPath,
      ['--import', observer, resolve('src/cli/main.ts'), ...args],
      { env: { NO_COLOR: '1' } },
      (_error, _stdout, stderr) =>
        settle([...stderr.matchAll(/^loaded file:.*\/src\/(.*)$/gm)].map(([, path = '']) => path)),
    );
  });
}

test('a command loads no other family of commands', async (t) => {
  for (const [allowed, ...args] of [
    ['hidden', 'lab-shop', 'nobody'],
    ['hidden', 'lab-supervisor', '--help'],
    ['', 'controller', '--help'],
    ['', 'ztunnel', '--help'],
    ['', 'version'],
  ]) {
    const modules = await modulesOf(...args);
    t.ok(modules.length > 20, 'the modules were seen');
    const families = modules.flatMap((path) => /^cli\/([a-z-]+)\/index\.ts$/.exec(path)?.[1] ?? []);
    const others = families.filter((name) => ![allowed, 'terminal', 'istio'].includes(name));
    t.same(others, [], args.join(' '));
  }
});

test('the list of what to load has every command, once', async (t) => {
  const context = createCliContext(process);
  const named: string[] = [];
  for (const family of familiesFor([])) {
    const program = new Command();
    await family.add(program, context, ['ztunnel']);
    t.same(
      program.commands.map((command) => command.name()),
      family.names,
    );
    named.push(...family.names);
  }
  t.equal(new Set(named).size, named.length);
  t.ok(named.includes('lab'));
});

const PROXIES = /^(waypoint|ztunnel|controller|proxy)\//;

test('commands that run no proxy do not load one', async (t) => {
  for (const args of [['waypoint', 'list', '--lab', 'nowhere'], ['waypoint', '--help'], ['--help']]) {
    const modules = await modulesOf(...args);
    t.ok(modules.length > 20, 'the modules were seen');
    t.same(
      modules.filter((path) => PROXIES.test(path)),
      [],
      args.join(' '),
    );
  }
});

test('commands about a lab load nothing of what a lab runs', async (t) => {
  for (const args of [
    ['lab', 'get', 'pods', '--name', 'nowhere'],
    ['lab', 'exec', '--name', 'nowhere', 'pod', '--', 'true'],
    ['workloads', '--lab', 'nowhere'],
  ]) {
    const modules = await modulesOf(...args);
    t.ok(modules.includes('lab/client/find-lab.ts'), 'the modules were seen');
    t.same(
      modules.filter((path) => /^(lab\/(supervisor|kubelet|network|mesh)|net|telemetry)\//.test(path)),
      [],
      args.join(' '),
    );
  }
});

test('commands that run a proxy, and help about them, have its own options', async (t) => {
  for (const [folder, ...args] of [
    ['waypoint', 'waypoint', 'serve', '--help'],
    ['waypoint', 'waypoint', 'help', 'serve'],
    ['ztunnel', 'ztunnel', '--help'],
    ['ztunnel', 'help', 'ztunnel'],
  ]) {
    const modules = await modulesOf(...args);
    t.ok(
      modules.some((path) => path.startsWith(`${folder}/`)),
      args.join(' '),
    );
  }
});
