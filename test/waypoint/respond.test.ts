import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { HttpError } from '../../src/http/index.ts';
import { WaypointError } from '../../src/waypoint/errors.ts';
import { answerFor } from '../../src/waypoint/respond.ts';

test('a request that turns out not to be HTTP is its client’s fault, with the status that the engine gives', async (t) => {
  const fault = (status: number | undefined, blame: 'downstream' | 'upstream') =>
    new HttpError({ code: 'ERR_HTTP_BAD_REQUEST', blame, message: 'a bad chunk size', status });
  t.equal(answerFor(fault(400, 'downstream')).status, 400);
  t.equal(answerFor(fault(408, 'downstream')).status, 408);
  const cut = { code: 'ERR_HTTP_CUT', message: 'the body was cut', cause: fault(400, 'downstream') } as const;
  t.equal(answerFor(new HttpError({ ...cut, blame: 'downstream' })).status, 400, 'as forwarding it fails');
  t.equal(answerFor(new HttpError({ ...cut, blame: 'upstream' })).status, 500);
  t.equal(answerFor(fault(400, 'upstream')).status, 500);
  t.equal(answerFor(fault(undefined, 'downstream')).status, 500);
});

test('the client is told what was refused and not by what', async (t) => {
  const denied = new WaypointError({
    code: 'ERR_WAYPOINT_DENIED',
    blame: 'downstream',
    message: 'denied by shop/secret-policy',
  });
  t.match(answerFor(denied), { status: 403, grpc: 7, text: 'RBAC: access denied' });
});

test('a backend that is not valid is a 500, and to gRPC unavailable, as the Gateway API has it', async (t) => {
  const invalid = new WaypointError({
    code: 'ERR_WAYPOINT_INVALID_BACKEND',
    blame: 'local',
    message: 'shop/cart-v2 is not there',
  });
  t.match(answerFor(invalid), { status: 500, grpc: 14 });
});

test('a code that nobody has thought of is a fault of ours', async (t) => {
  const error = new MeshError({ code: 'ERR_SOMETHING_NEW', blame: 'upstream', message: '?' });
  t.match(answerFor(error), { status: 500, grpc: 13 });
});
