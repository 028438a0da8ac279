import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'tap';
import { printForeign } from '../../src/cli/terminal/index.ts';

const HOSTILE = 'name\tvalue\n\u001b]0;title\u0007\u001b[2Jdone';

async function printed(isTTY: boolean): Promise<string> {
  const stdout = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.WriteStream;
  printForeign({ stdout }, HOSTILE);
  stdout.end();
  return text(stdout as unknown as PassThrough);
}

test('what a part of the mesh answers does nothing to a terminal', async (t) => {
  const shown = await printed(true);
  t.notOk(shown.includes('\u001b') || shown.includes('\u0007'));
  t.match(shown, 'name\tvalue\n\\u001b]0;title');
});

test('a pipe gets it as it came', async (t) => {
  t.equal(await printed(false), `${HOSTILE}\n`);
});
