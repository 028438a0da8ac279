import { test } from 'tap';
import { createAuthenticationLayer } from '../../../../src/waypoint/layers/security/authentication.ts';
import { failureResponse } from '../../../../src/waypoint/request/failure-response.ts';
import { WaypointError } from '../../../../src/waypoint/errors.ts';
import { createIssuer, NOW_SECONDS } from '../../authentication/support/issuer.ts';
import { jwtRule, planOf } from '../../authentication/support/rules.ts';
import { fieldsOf, makeContext, makeRequest, recordingHandler } from '../../request-fixtures.ts';

const clock = { now: () => NOW_SECONDS * 1_000 };
const issuer = await createIssuer();
const authentication = planOf([
  jwtRule({
    issuer: issuer.issuer,
    keys: { kind: 'inline', jwks: issuer.jwks },
    outputClaimToHeaders: [{ header: 'x-user', claim: 'sub' }],
  }),
]);

function handle(authorization: string) {
  const next = recordingHandler();
  const request = makeRequest({ headers: { authorization, 'x-user': 'root' } });
  const context = makeContext({ request });
  const handling = createAuthenticationLayer({ clock })(next)(request, {
    ...context,
    plan: { ...context.plan, authentication },
  });
  return { next, request, handling };
}

test('what is behind the layer knows the token, and the backend only what it is to know', async (t) => {
  const { next, handling } = handle(`Bearer ${await issuer.sign()}`);
  t.equal((await handling).status, 200);
  const [call] = next.calls;
  t.match(call?.context.tokens, [{ issuer: issuer.issuer, subject: 'alice' }]);
  t.same(call && fieldsOf(call.request.headers), { 'x-user': 'alice' });
});

test('a bad token is refused with the challenge of its scheme', async (t) => {
  const { next, request, handling } = handle(`Bearer ${await issuer.sign()}x`);
  const failure = await handling.catch((error: unknown) => error);
  if (!(failure instanceof WaypointError)) throw failure;
  const answer = failureResponse(request, failure);
  t.equal(answer.status, 401);
  t.equal(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
  t.equal(next.calls.length, 0);
});

test('without rules nothing is looked at', async (t) => {
  const next = recordingHandler();
  const request = makeRequest({ headers: { authorization: 'Bearer nonsense' } });
  const context = makeContext({ request });
  await createAuthenticationLayer({ clock })(next)(request, context);
  t.equal(next.calls[0]?.request, request);
  t.equal(next.calls[0]?.context, context);
});
