import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { nodemesh } from '../lab/support/lab-fixture.ts';

const DOCS = readFileSync('docs/commands.md', 'utf8');

/** Names at the beginnings of the lines of a help text's lists of commands. */
async function commandsOf(...group: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await nodemesh([...group, '--help']);
  const [, lists = ''] = stdout.split(/^ +-h, --help.*$/m);
  const [commands = ''] = lists.split(/^(?:Examples|Of waypoints that run):$/m);
  return [...commands.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help')
    .sort();
}

test('docs/commands.md lists exactly the commands that --help lists', async (t) => {
  const documented = [...DOCS.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name = '']) => name);
  const commands = await commandsOf();
  t.ok(commands.length > 15, 'commands were found');
  t.same(documented.sort(), commands);
});

for (const group of ['lab', 'waypoint']) {
  test(`docs/commands.md names each command of nodemesh ${group}`, async (t) => {
    const [, row = ''] = new RegExp(`^\\| \`${group}\` \\|(.*)\\|$`, 'm').exec(DOCS) ?? [];
    const documented = [...row.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name);
    t.same(documented.sort(), await commandsOf(group));
  });
}

test('every command that shows something has examples and -o json', async (t) => {
  const commands = 'dashboard top stat edges topology tap logs proxies check bug-report certificates'.split(
    ' ',
  );
  await Promise.all(
    commands.map(async (command) => {
      const { stdout } = await nodemesh([command, '--help']);
      t.match(stdout, /\nExamples:\n {2}\$ nodemesh /, command);
      t.match(stdout, /-o, --output/, command);
      t.match(stdout.replace(/\s+/g, ' '), /"json"/, command);
    }),
  );
});
