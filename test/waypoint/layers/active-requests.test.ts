import { test } from 'tap';
import { createActiveRequestsLayer } from '../../../src/waypoint/layers/admission/active-requests.ts';
import { WaypointError } from '../../../src/waypoint/errors.ts';
import { failureResponse } from '../../../src/waypoint/request/failure-response.ts';
import type { RequestContext } from '../../../src/waypoint/request/request-context.ts';
import { ip } from '../../model/mesh-fixtures.ts';
import { makeContext, makeRequest, recordingHandler } from '../request-fixtures.ts';

/** A request's context, and how the request ends. */
function requestOf(address: string): { readonly context: RequestContext; readonly end: () => void } {
  const listeners: (() => void)[] = [];
  const { client, ...rest } = makeContext();
  return {
    context: {
      ...rest,
      client: { ...client, address: ip(address) },
      onEnd: (listener) => void listeners.push(listener),
    },
    end: () => {
      for (const listener of listeners) listener();
    },
  };
}

test('one client has at most half of the requests, and all together have no more than there are', async (t) => {
  const handler = recordingHandler();
  const handle = createActiveRequestsLayer(4)(handler);
  const [first, second, third] = [requestOf('10.0.0.1'), requestOf('10.0.0.1'), requestOf('10.0.0.1')];
  await handle(makeRequest(), first.context);
  await handle(makeRequest(), second.context);
  await t.rejects(handle(makeRequest(), third.context), {
    code: 'ERR_WAYPOINT_OVERLOADED',
    message: '2 requests of 10.0.0.1 are under way',
  });
  await handle(makeRequest(), requestOf('10.0.0.2').context);
  await handle(makeRequest(), requestOf('10.0.0.3').context);
  await t.rejects(handle(makeRequest(), requestOf('10.0.0.4').context), {
    message: '4 requests are under way',
  });
  t.equal(handler.calls.length, 4);
  first.end();
  await handle(makeRequest(), requestOf('10.0.0.1').context);
  t.equal(handler.calls.length, 5, 'an ended request makes room');
});

test('who is refused for want of room gets an answer without a body, which no client can hold up', async (t) => {
  const overloaded = new WaypointError({ code: 'ERR_WAYPOINT_OVERLOADED', blame: 'downstream', message: '' });
  const answer = failureResponse(makeRequest(), overloaded);
  t.equal(answer.status, 503);
  t.equal(answer.body.stream, undefined);
});
