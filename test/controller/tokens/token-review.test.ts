import { test } from 'tap';
import { errorOfConnection, errorOfStatus } from '../../../src/controller/kubernetes/errors.ts';
import { notAsked } from '../../../src/controller/kubernetes/request-gate.ts';
import { createTokenReviewVerifier, type TokenReviewStatus } from '../../../src/controller/tokens/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const GOOD: TokenReviewStatus = {
  authenticated: true,
  audiences: ['istio-ca'],
  user: {
    username: 'system:serviceaccount:nodemesh-system:ztunnel',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:nodemesh-system', 'system:authenticated'],
    extra: {
      'authentication.kubernetes.io/pod-name': ['ztunnel-x'],
      'authentication.kubernetes.io/pod-uid': ['7'],
      'authentication.kubernetes.io/node-name': ['node-1'],
    },
  },
};

function reviewing(answer: () => TokenReviewStatus | Promise<TokenReviewStatus> = () => GOOD) {
  const clock = createFakeClock();
  const asked: string[] = [];
  const verifier = createTokenReviewVerifier({
    clock,
    mostReviews: 3,
    mostOfHost: 5,
    mostRemembered: 2,
    async review(token, audience) {
      asked.push(`${audience} ${token.slice(0, 20)}`);
      return answer();
    },
  });
  const token = (name: string, lifetimeMs = 3_600_000): string => {
    const claims = { exp: Math.floor((clock.now() + lifetimeMs) / 1000), name };
    return `${name}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
  };
  return { clock, asked, verifier, token };
}

test('a reviewed token says who calls, from which pod and node', async (t) => {
  const { verifier, token, asked } = reviewing();
  t.same(await verifier.verify(token('a')), {
    namespace: 'nodemesh-system',
    serviceAccount: 'ztunnel',
    pod: 'ztunnel-x',
    podUid: '7',
    node: 'node-1',
  });
  t.equal(asked.length, 1);
  t.match(asked[0], /^istio-ca a\./);
});

test('a cluster that does not tell the node leaves it open', async (t) => {
  const { extra: _, ...user } = GOOD.user ?? {};
  const { verifier, token } = reviewing(() => ({ ...GOOD, user }));
  t.match(await verifier.verify(token('a')), { pod: '', podUid: '', node: '' });
});

const REFUSED: Readonly<Record<string, TokenReviewStatus>> = {
  'not authenticated': { authenticated: false, error: '[invalid bearer token]' },
  'without any word': {},
  'for another audience': { ...GOOD, audiences: ['vault'] },
  'by a server that knows no audiences': { ...GOOD, audiences: [] },
  'of a user': { ...GOOD, user: { username: 'jane', groups: ['system:serviceaccounts'] } },
  'of somebody who only calls himself so': { ...GOOD, user: { ...GOOD.user, groups: [] } },
};
for (const [name, status] of Object.entries(REFUSED)) {
  test(`a token is refused, and not remembered: ${name}`, async (t) => {
    const { verifier, token, asked } = reviewing(() => status);
    await t.rejects(verifier.verify(token('a')), { code: 'ERR_CONTROLLER_TOKEN', retryable: false });
    await t.rejects(verifier.verify(token('a')), { code: 'ERR_CONTROLLER_TOKEN' });
    t.equal(asked.length, 2);
  });
}

test('an answer holds for a moment, and never beyond the end of the token', async (t) => {
  const { verifier, token, asked, clock } = reviewing();
  const long = token('long');
  const short = token('short', 3_000);
  await verifier.verify(long);
  await verifier.verify(short);
  await clock.advance(2_000);
  await verifier.verify(long);
  await verifier.verify(short);
  t.equal(asked.length, 2);
  await clock.advance(2_000);
  await verifier.verify(long);
  await verifier.verify(short);
  t.equal(asked.length, 3, 'the short one has ended');
  await clock.advance(7_000);
  await verifier.verify(long);
  t.equal(asked.length, 4);
});

test('those who bring the same token at once share one review', async (t) => {
  const { verifier, token, asked } = reviewing();
  await Promise.all(Array.from({ length: 50 }, () => verifier.verify(token('a'))));
  t.equal(asked.length, 1);
});

test('while the API server is away nobody is let in, and may come back', async (t) => {
  let away = true;
  const { verifier, token } = reviewing(() => {
    if (away) throw new Error('ECONNREFUSED');
    return GOOD;
  });
  await t.rejects(verifier.verify(token('a')), {
    code: 'ERR_CONTROLLER_TOKEN_REVIEW',
    retryable: true,
    message: /ECONNREFUSED/,
  });
  away = false;
  await verifier.verify(token('a'));
});

test('a token that was good a while ago still is while the API server is away, for a while', async (t) => {
  let answer: () => TokenReviewStatus = () => GOOD;
  const { verifier, token, asked, clock } = reviewing(() => answer());
  const long = token('long');
  const short = token('short', 300_000);
  await verifier.verify(long);
  await verifier.verify(short);
  answer = () => {
    throw errorOfConnection('create tokenreviews', new Error('ECONNREFUSED'));
  };
  for (let minute = 1; minute < 5; minute++) {
    await clock.advance(60_000);
    t.match(await verifier.verify(long), { node: 'node-1' });
    t.match(await verifier.verify(short), { node: 'node-1' });
  }
  const times = asked.length;
  await verifier.verify(long);
  t.equal(asked.length, times, 'an API server that is away is not asked each time');
  await clock.advance(60_000);
  await t.rejects(verifier.verify(short), { code: 'ERR_CONTROLLER_TOKEN_REVIEW' }, 'not beyond its end');
  await verifier.verify(long);
  await clock.advance(600_000);
  await t.rejects(verifier.verify(long), { code: 'ERR_CONTROLLER_TOKEN_REVIEW' }, 'not for ever');
});

test('a token that the API server no longer calls good is not good when it is away afterwards', async (t) => {
  let answer: () => TokenReviewStatus = () => GOOD;
  const { verifier, token, clock } = reviewing(() => answer());
  const one = token('one');
  await verifier.verify(one);
  answer = () => ({ authenticated: false });
  await clock.advance(10_000);
  await t.rejects(verifier.verify(one), { code: 'ERR_CONTROLLER_TOKEN' });
  answer = () => {
    throw errorOfConnection('create tokenreviews', new Error('ECONNREFUSED'));
  };
  await t.rejects(verifier.verify(one), { code: 'ERR_CONTROLLER_TOKEN_REVIEW' });
});

test('a controller that may not ask about tokens lets nobody in, whomever it knew', async (t) => {
  let answer: () => TokenReviewStatus = () => GOOD;
  const { verifier, token, clock } = reviewing(() => answer());
  const one = token('one');
  await verifier.verify(one);
  for (const status of [401, 403]) {
    await clock.advance(10_000);
    answer = () => {
      throw errorOfStatus('create tokenreviews', { status, reason: '', message: '' });
    };
    await t.rejects(verifier.verify(one), { code: 'ERR_CONTROLLER_TOKEN_REVIEW' });
  }
});

test('what is kept and what is asked at once is bounded', async (t) => {
  let release = (): void => undefined;
  const held = new Promise<TokenReviewStatus>((resolve) => {
    release = () => resolve(GOOD);
  });
  const { verifier, token, asked } = reviewing(() => held);
  const three = ['a', 'b', 'c'].map((name) => verifier.verify(token(name)));
  await t.rejects(verifier.verify(token('d')), { code: 'ERR_CONTROLLER_TOKEN_REVIEW', retryable: true });
  release();
  await Promise.all(three);
  await verifier.verify(token('b'));
  await verifier.verify(token('c'));
  t.equal(asked.length, 3);
  await verifier.verify(token('a'));
  t.equal(asked.length, 4, 'the oldest of three was forgotten');
  await t.rejects(verifier.verify(''), { code: 'ERR_CONTROLLER_TOKEN' });
  await t.rejects(verifier.verify('x'.repeat(100_000)), { code: 'ERR_CONTROLLER_TOKEN' });
  await verifier.verify('opaque');
  await verifier.verify('opaque');
  t.equal(asked.length, 6, 'a token without an end is not remembered');
});

const bearer = (address: string, isPresent = true) => ({ address, isPresent: () => isPresent });

test('a host that brings wrong tokens is turned away without a question, and others are not', async (t) => {
  let answer: () => TokenReviewStatus = () => ({ authenticated: false });
  const { verifier, token, asked, clock } = reviewing(() => answer());
  for (let one = 0; one < 5; one++)
    await t.rejects(verifier.verify(token(`wrong-${one}`), bearer(`10.0.0.9:${one}`)), {
      code: 'ERR_CONTROLLER_TOKEN',
    });
  await t.rejects(verifier.verify(token('wrong'), bearer('10.0.0.9:77')), {
    code: 'ERR_CONTROLLER_TOKEN_REVIEW',
    retryable: true,
  });
  t.equal(asked.length, 5);
  answer = () => GOOD;
  await verifier.verify(token('good'), bearer('10.0.0.8:77'));
  t.equal(asked.length, 6);
  await clock.advance(1_000);
  await verifier.verify(token('better'), bearer('10.0.0.9:78'));
  await verifier.verify(token('better still'), bearer('10.0.0.9:79'));
  t.equal(asked.length, 8, 'good tokens cost nothing, and time heals');
});

test('a host whose tokens are wrong does not keep those out that are known', async (t) => {
  let answer: () => TokenReviewStatus = () => GOOD;
  const { verifier, token, clock } = reviewing(() => answer());
  const proxy = token('proxy');
  await verifier.verify(proxy, bearer('10.0.0.9:1'));
  answer = () => ({ authenticated: false });
  for (let one = 0; one < 6; one++)
    await t.rejects(verifier.verify(token(`wrong-${one}`), bearer(`10.0.0.9:${one}`)));
  answer = () => GOOD;
  await clock.advance(60_000);
  await verifier.verify(proxy, bearer('10.0.0.9:1'));
});

test('a token whose pod is gone is asked about at once, and is not good while the API server is away', async (t) => {
  let answer: () => TokenReviewStatus = () => GOOD;
  const { verifier, token, asked } = reviewing(() => answer());
  const stolen = token('stolen');
  await verifier.verify(stolen, bearer('10.0.0.9:1'));
  await verifier.verify(stolen, bearer('10.0.0.9:1'));
  t.equal(asked.length, 1);
  answer = () => {
    throw errorOfConnection('create tokenreviews', new Error('ECONNREFUSED'));
  };
  await t.rejects(verifier.verify(stolen, bearer('10.0.0.9:1', false)), {
    code: 'ERR_CONTROLLER_TOKEN_REVIEW',
  });
  await t.rejects(verifier.verify(stolen, bearer('10.0.0.9:1')), { code: 'ERR_CONTROLLER_TOKEN_REVIEW' });
});

test('a token whose pod is seen is asked about less often', async (t) => {
  const { verifier, token, asked, clock } = reviewing();
  const seen = token('seen');
  await verifier.verify(seen, bearer('10.0.0.9:1'));
  await clock.advance(29_000);
  await verifier.verify(seen, bearer('10.0.0.9:1'));
  t.equal(asked.length, 1);
  await clock.advance(2_000);
  await verifier.verify(seen, bearer('10.0.0.9:1'));
  t.equal(asked.length, 2);
});

test('a token is not good because there was no room to ask about it', async (t) => {
  let answer: () => TokenReviewStatus = () => GOOD;
  const { verifier, token, clock } = reviewing(() => answer());
  const one = token('one');
  await verifier.verify(one);
  await clock.advance(10_000);
  answer = () => {
    throw notAsked('create tokenreviews', 5_000, undefined);
  };
  await t.rejects(verifier.verify(one), { code: 'ERR_CONTROLLER_TOKEN_REVIEW', retryable: true });
});
