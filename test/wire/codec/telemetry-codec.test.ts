import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { test } from 'tap';
import { gatewayKey, NO_TELEMETRY, serviceKey, type WaypointResource } from '../../../src/model/index.ts';
import { PodSchema } from '../../../src/wire/generated/enrolment_pb.js';
import { SettingsSchema } from '../../../src/wire/generated/telemetry_pb.js';
import { enrolmentPodCodec, waypointResourceCodec, waypointResourceName } from '../../../src/wire/index.ts';
import { enrolmentPods } from '../support/arbitraries.ts';
import { sameValue } from '../support/same-value.ts';
import { telemetrySettings } from '../support/telemetry-arbitraries.ts';

test('what a waypoint is told of telemetry comes back as it went', async (t) => {
  const resources = fc
    .record({
      settings: telemetrySettings,
      services: fc.array(
        fc.record({ service: fc.constant(serviceKey('shop', 'web')), settings: telemetrySettings }),
        { maxLength: 2 },
      ),
    })
    .map(
      (value): WaypointResource => ({
        kind: 'telemetry',
        telemetry: { gateway: gatewayKey('shop', 'waypoint'), ...value },
      }),
    );
  fc.assert(
    fc.property(resources, (value) => {
      const decoded = waypointResourceCodec.decode(waypointResourceCodec.encode(value));
      sameValue(decoded, value);
      t.equal(waypointResourceName(decoded), 'Telemetry/shop/waypoint');
    }),
    { numRuns: 300 },
  );
});

test('telemetry that this version does not know keeps no pod from its enrolment', async (t) => {
  const [pod] = fc.sample(enrolmentPods, 1);
  if (pod === undefined) throw new Error('no sample');
  const message = fromBinary(PodSchema, enrolmentPodCodec.encode({ ...pod, telemetry: undefined }));
  const odd = create(PodSchema, {
    ...message,
    clientTelemetry: create(SettingsSchema, {
      accessLogs: { logs: [{ provider: 'new' }] },
      tracing: { ratio: Number.NaN, tags: [{}] },
      metrics: [{ metric: 'NEW' }],
    }),
  });
  const decoded = enrolmentPodCodec.decode(toBinary(PodSchema, odd));
  t.same(decoded.telemetry, {
    client: {
      accessLogs: [],
      tracing: { ...NO_TELEMETRY.tracing, tags: [{ name: '', kind: 'literal', value: '' }] },
      metrics: [],
    },
    server: NO_TELEMETRY,
  });
});
