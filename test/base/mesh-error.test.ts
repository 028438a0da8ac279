import { test } from 'tap';
import { causeOf, describeError, errnoOf, MeshError } from '../../src/base/index.ts';

class OwnError extends MeshError<'ERR_OWN'> {}

const errno = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const inner = new OwnError({
  code: 'ERR_OWN',
  blame: 'upstream',
  message: 'cannot connect',
  retryable: true,
  cause: errno,
});
const outer = new Error('opening failed', { cause: inner });

test('an error carries its code, blame, hint and cause, and is named after its class', async (t) => {
  t.match(inner, { name: 'OwnError', code: 'ERR_OWN', blame: 'upstream', retryable: true, cause: errno });
  const plain = new OwnError({ code: 'ERR_OWN', blame: 'local', message: 'x' });
  t.equal(plain.retryable, false);
  t.equal('cause' in plain, false);
});

test('a cause is found by class anywhere in the chain, and by errno', async (t) => {
  t.equal(causeOf(outer, OwnError), inner);
  t.equal(causeOf(outer, RangeError), undefined);
  t.equal(causeOf('text', OwnError), undefined);
  t.equal(errnoOf(outer), 'ECONNREFUSED');
  t.equal(
    errnoOf(new OwnError({ code: 'ERR_OWN', blame: 'local', message: 'x' })),
    undefined,
    'our codes are no errno',
  );
});

test('a description has each message once, outermost first, whatever was thrown', async (t) => {
  t.equal(describeError(outer), 'opening failed: cannot connect: connect ECONNREFUSED');
  t.equal(describeError(new Error('same', { cause: new Error('same') })), 'same');
  t.equal(
    describeError(new Error('cut', { cause: new Error('cut off by a timeout') })),
    'cut off by a timeout',
  );
  const system = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:9'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
  const net = new Error('connecting to 10.0.0.1:9 failed: ECONNREFUSED', { cause: system });
  t.equal(describeError(net), 'connecting to 10.0.0.1:9 failed: ECONNREFUSED');
  t.equal(
    describeError(new Error('no answer', { cause: system })),
    'no answer: connect ECONNREFUSED 10.0.0.1:9',
  );
  t.equal(describeError('text'), 'text');
  t.equal(describeError(new Error('a', { cause: 'text' })), 'a: text');
  t.equal(describeError(undefined), '');
});
