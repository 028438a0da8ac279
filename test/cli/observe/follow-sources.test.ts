import { test } from 'tap';
import type { LiveFeed } from '../../../src/cli/api/index.ts';
import { CliError } from '../../../src/cli/errors.ts';
import { followSources, type TapSource } from '../../../src/cli/observe/tap/follow-sources.ts';
import type { LiveMessage } from '../../../src/model/index.ts';

const GONE = new CliError({ code: 'ERR_CLI_API_UNREACHABLE', blame: 'upstream', message: 'gone' });

/** A dashboard that can be taken away and given back. */
function source(name: string, isThere: boolean) {
  let there = isThere;
  let end: (reason: CliError | undefined) => void = () => undefined;
  let tell: (message: LiveMessage) => void = () => undefined;
  const tapped: TapSource = {
    name,
    api: {
      async live(_follow, onMessage, signal): Promise<LiveFeed> {
        if (!there) throw GONE;
        const { promise: over, resolve } = Promise.withResolvers<CliError | undefined>();
        end = resolve;
        tell = onMessage;
        signal?.addEventListener('abort', () => resolve(undefined));
        return { over, follow: () => undefined, close: () => resolve(undefined) };
      },
    },
  };
  return {
    tapped,
    tell: (count: number) => tell({ topic: 'dropped', count }),
    leave() {
      there = false;
      end(GONE);
    },
    comeBack() {
      there = true;
    },
  };
}

function follow(sources: readonly { readonly tapped: TapSource }[]) {
  const seen: number[] = [];
  const warnings: string[] = [];
  const ended = new AbortController();
  const over = followSources(
    sources.map(({ tapped }) => tapped),
    {
      follow: { follow: ['refusals'] },
      onMessage: (message) => message.topic === 'dropped' && seen.push(message.count),
      warn: (sentence) => warnings.push(sentence),
      signal: ended.signal,
      retryMs: 5,
    },
  );
  return { seen, warnings, over, ended };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('one that does not answer, or goes, is told of, and followed again when it is back', async (t) => {
  const [one, two] = [source('node-1', true), source('node-2', false)];
  const { seen, warnings, over, ended } = follow([one, two]);
  await until(() => warnings.length === 1);
  one.tell(1);
  two.comeBack();
  await until(() => warnings.length === 2);
  two.tell(2);
  one.leave();
  await until(() => warnings.length === 3);
  two.tell(3);
  t.same(seen, [1, 2, 3]);
  t.match(warnings, [/^node-2 does not answer/, /^node-2 is followed again/, /^node-1 does not answer/]);
  ended.abort();
  await over;
});

test('it ends with an error when nobody answers, at the beginning or any more', async (t) => {
  await t.rejects(follow([source('node-1', false), source('node-2', false)]).over, GONE);
  const [one, two] = [source('node-1', true), source('node-2', true)];
  const { over, warnings } = follow([one, two]);
  const failed = t.rejects(over, GONE);
  await new Promise((resolve) => setImmediate(resolve));
  one.leave();
  await until(() => warnings.length === 1);
  two.leave();
  await failed;
});
