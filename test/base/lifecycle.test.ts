import { test } from 'tap';
import { type Closable, createClosableStack } from '../../src/base/index.ts';

function named(name: string, log: string[], failure?: Error): Closable {
  return {
    async close() {
      log.push(`close ${name}`);
      if (failure !== undefined) throw failure;
    },
    destroy(cause) {
      log.push(`destroy ${name}${cause === undefined ? '' : ` (${cause.message})`}`);
    },
  };
}

test('owned things are closed one after the other, the last one added first', async (t) => {
  const log: string[] = [];
  const stack = createClosableStack();
  const first = named('first', log);
  t.equal(stack.own(first), first);
  stack.own(named('second', log));
  await stack.close();
  await stack.close();
  t.same(log, ['close second', 'close first']);
});

test('a failure to close one does not keep the others open, and all failures are told', async (t) => {
  const log: string[] = [];
  const stack = createClosableStack();
  stack.own(named('a', log, new Error('a failed')));
  stack.own(named('b', log));
  stack.own(named('c', log, new Error('c failed')));
  await t.rejects(stack.close(), {
    name: 'AggregateError',
    errors: [{ message: 'c failed' }, { message: 'a failed' }],
  });
  t.same(log, ['close c', 'close b', 'close a']);
});

test('destroying passes the cause on, and may follow a close', async (t) => {
  const log: string[] = [];
  const stack = createClosableStack();
  stack.own(named('a', log));
  stack.destroy(new Error('why'));
  stack.destroy();
  await stack.close();
  t.same(log, ['destroy a (why)']);
});
