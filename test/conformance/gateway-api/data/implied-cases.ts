import type { ConformanceCase, ConformanceTest } from './conformance-test.ts';

/**
 * Requests that a test of the suite sends by code of its own, so that the data has none of the common form; known by the
 * feature that the test is of.
 */
export function withImpliedCases(test: ConformanceTest): ConformanceTest {
  const wantsWebSocket = test.features.includes('HTTPRouteBackendProtocolWebSocket');
  if (!wantsWebSocket || test.cases.some(({ request }) => request.protocol.startsWith('W'))) return test;
  return { ...test, cases: [...test.cases, WEB_SOCKET] };
}

const WEB_SOCKET: ConformanceCase = {
  title: 'a WebSocket echoes',
  client: undefined,
  request: {
    protocol: 'WS',
    method: 'GET',
    host: undefined,
    path: '/ws',
    headers: {},
    body: '',
    grpc: undefined,
    needsTls: false,
  },
  expect: {
    status: [101],
    code: undefined,
    backend: undefined,
    namespace: undefined,
    backendSees: undefined,
    responseHeaders: {},
    responseAbsentHeaders: [],
    responseHeaderOneOf: {},
    ignoreWhitespace: false,
    redirect: undefined,
    mirroredTo: [],
  },
  unresolved: [],
};
