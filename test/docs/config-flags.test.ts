import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { WAYPOINT_FLAGS } from '../../src/controller/deployment/waypoint-flags.ts';
import { nodemesh } from '../lab/support/lab-fixture.ts';

/** The flags in the first column of a section's table. */
function documented(section: string): readonly string[] {
  const [, rest = ''] = readFileSync('docs/config.md', 'utf8').split(`\n## ${section}\n`);
  const [text = ''] = rest.split('\n## ');
  return [...text.matchAll(/^\| (.*?) \|/gm)]
    .flatMap(([, cell = '']) => [...cell.matchAll(/`(--[a-z-]+)`/g)])
    .map(([, flag = '']) => flag);
}

test('docs/config.md lists in a table of their own the flags that a Gateway may set', async (t) => {
  const all = documented('nodemesh waypoint serve');
  t.same(new Set(all.slice(all.indexOf('--max-header-bytes'))), WAYPOINT_FLAGS);
});

for (const command of ['ztunnel', 'controller', 'waypoint serve']) {
  test(`docs/config.md lists exactly the flags of nodemesh ${command}`, async (t) => {
    const { stdout } = await nodemesh([...command.split(' '), '--help']);
    const flags = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag = '']) => flag);
    t.ok(flags.length > 10, 'flags were found');
    t.same([...documented(`nodemesh ${command}`)].sort(), [...flags].sort());
  });
}
