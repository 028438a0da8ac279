import { type Test, test } from 'tap';
import { decodeDeltaResponse, encodeDeltaResponse } from '../../src/wire/message/delta-response-message.ts';
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  type DeltaRequest,
  type DeltaResponse,
} from '../../src/xds/index.ts';
import { follow } from './support/followed.ts';
import { PROXY_KINDS, type ProxyKind } from './support/mesh.ts';
import { readStreams, RECORDED_VERSIONS } from './support/streams.ts';

/** A field that nobody knows yet: number 2,000, text. */
const UNKNOWN_FIELD = Buffer.from([0x82, 0x7d, 0x03, 0x6e, 0x65, 0x77]);

/** Has today's proxy told what the bytes say, and gives what it answered. */
async function hear(t: Test, kind: ProxyKind, responses: readonly Buffer[]) {
  const answers: DeltaRequest[] = [];
  const heard = Promise.withResolvers<void>();
  let opened = false;
  const followed = follow(kind, {
    async open() {
      if (opened) return new Promise(() => undefined);
      opened = true;
      async function* told(): AsyncGenerator<DeltaResponse> {
        for (const bytes of responses) yield decodeDeltaResponse(bytes);
        heard.resolve();
        await new Promise(() => undefined);
      }
      return {
        responses: told(),
        send: async (request) => void answers.push(request),
        close: () => undefined,
      };
    },
  });
  t.teardown(() => followed.client.destroy());
  followed.client.start();
  await heard.promise;
  return {
    ...followed,
    rejections: answers.flatMap(({ typeUrl, rejection }) =>
      rejection === undefined ? [] : [{ typeUrl, rejection }],
    ),
  };
}

const withUnknownFields = (bytes: Buffer): Buffer => {
  const response = decodeDeltaResponse(bytes);
  const resources = response.resources.map((resource) => ({
    ...resource,
    bytes:
      response.typeUrl === AUTHORIZATION_TYPE
        ? resource.bytes
        : Buffer.concat([resource.bytes, UNKNOWN_FIELD]),
  }));
  return Buffer.concat([encodeDeltaResponse({ ...response, resources }), UNKNOWN_FIELD]);
};

for (const version of RECORDED_VERSIONS) {
  for (const kind of PROXY_KINDS) {
    const { responses } = readStreams(version, kind);

    test(`this ${kind} understands a controller of version ${version}`, async (t) => {
      const { view, enrolments, resources, trustBundles, rejections, client } = await hear(
        t,
        kind,
        responses,
      );
      t.same(rejections, []);
      t.same(client.state.pendingTypes, []);
      t.equal(trustBundles, 1);
      t.ok([...view.workloads()].length > 0);
      if (kind === 'ztunnel') t.same([...enrolments].sort(), ['cart', 'till']);
      else t.ok(resources.length > 0);
    });

    test(`this ${kind} goes on with a controller newer than ${version}, whatever it says that it does not know`, async (t) => {
      const unknownType = encodeDeltaResponse({
        typeUrl: 'type.googleapis.com/nodemesh.future.Thing',
        ...{ nonce: 'future', systemVersion: '1', removed: ['x'] },
        resources: [{ name: 'a', version: '1', aliases: [], bytes: UNKNOWN_FIELD }],
      });
      const told = [unknownType, ...responses.map(withUnknownFields)];
      const { view, rejections, client } = await hear(t, kind, told);
      t.same(client.state.pendingTypes, []);
      t.ok([...view.workloads()].length > 0);
      t.match(rejections, [{ typeUrl: /future/, rejection: /was not asked for/ }]);
      t.equal(rejections.filter(({ typeUrl }) => typeUrl === ADDRESS_TYPE).length, 0);
    });
  }
}
