import { create } from '@bufbuild/protobuf';
import {
  type AccessLogScope,
  type CaptureModes,
  type EnrolmentPod,
  ipAddressToBytes,
  workloadIdentity,
  type WorkloadUid,
} from '../../model/index.ts';
import { ENROLMENT_POD_TYPE } from '../../xds/index.ts';
import {
  AccessLog,
  AddressRangeSchema,
  CaptureModesSchema,
  ExistingConnections,
  PodSchema,
  type CaptureModes as WireCaptureModes,
} from '../generated/enrolment_pb.js';
import { enumTable } from './enum-table.ts';
import { checkField, decodeAddress, decodePort, decodeRange, requireText } from './field.ts';
import { decodePodTelemetry, encodePodTelemetry } from './telemetry/pod-telemetry-codec.ts';
import { type ResourceCodec, resourceCodec } from './resource-codec.ts';

/** Breaking connections is nothing to guess. */
const EXISTING_CONNECTIONS = enumTable<CaptureModes['existingConnections']>(
  {
    keep: ExistingConnections.KEEP,
    reset: ExistingConnections.RESET,
  },
  'keep',
);

/** A word too much harms less than one that is missing. */
const ACCESS_LOG = enumTable<AccessLogScope>(
  { all: AccessLog.ALL, failures: AccessLog.FAILURES, none: AccessLog.NONE },
  'all',
);

/** `nodemesh.enrolment.Pod`. */
export const enrolmentPodCodec: ResourceCodec<EnrolmentPod> = resourceCodec({
  typeUrl: ENROLMENT_POD_TYPE,
  schema: PodSchema,
  toMessage: (pod: EnrolmentPod) =>
    create(PodSchema, {
      uid: pod.uid,
      namespace: pod.namespace,
      name: pod.name,
      trustDomain: pod.identity.trustDomain,
      serviceAccount: pod.identity.serviceAccount,
      kubernetesUid: pod.kubernetesUid,
      addresses: pod.addresses.map(ipAddressToBytes),
      netns: pod.netns,
      heldBy: pod.heldBy,
      isNew: pod.isNew,
      modes: encodeModes(pod.modes),
      refuseWaypointBypass: pod.waypointBypass === 'refuse',
      accessLog: ACCESS_LOG.encode(pod.accessLog),
      ...encodePodTelemetry(pod.telemetry),
    }),
  fromMessage(message): EnrolmentPod {
    const { namespace, trustDomain, serviceAccount } = message;
    return {
      uid: requireText(message.uid, 'uid') as WorkloadUid,
      namespace,
      name: requireText(message.name, 'name'),
      identity: checkField('identity', () => workloadIdentity({ trustDomain, namespace, serviceAccount })),
      kubernetesUid: message.kubernetesUid,
      addresses: message.addresses.map((address, index) => decodeAddress(address, `addresses[${index}]`)),
      netns: message.netns,
      heldBy: message.heldBy,
      isNew: message.isNew,
      modes: decodeModes(message.modes ?? create(CaptureModesSchema)),
      waypointBypass: message.refuseWaypointBypass ? 'refuse' : 'count',
      accessLog: ACCESS_LOG.decode(message.accessLog, 'access_log'),
      telemetry: decodePodTelemetry(message),
    };
  },
  nameOf: (pod) => pod.uid,
});

function encodeModes(modes: CaptureModes): WireCaptureModes {
  return create(CaptureModesSchema, {
    bypassInbound: !modes.inbound,
    dns: modes.dns,
    excludedInboundPorts: [...modes.excludedInboundPorts],
    excludedOutboundPorts: [...modes.excludedOutboundPorts],
    excludedOutboundRanges: modes.excludedOutboundCidrs.map(({ address, prefixLength }) =>
      create(AddressRangeSchema, { address: ipAddressToBytes(address), length: prefixLength }),
    ),
    virtualInterfaces: [...modes.virtualInterfaces],
    existingConnections: EXISTING_CONNECTIONS.encode(modes.existingConnections),
  });
}

function decodeModes(modes: WireCaptureModes): CaptureModes {
  const ports = (field: string, values: readonly number[]) =>
    values.map((port, index) => decodePort(port, `modes.${field}[${index}]`));
  return {
    inbound: !modes.bypassInbound,
    dns: modes.dns,
    excludedInboundPorts: ports('excluded_inbound_ports', modes.excludedInboundPorts),
    excludedOutboundPorts: ports('excluded_outbound_ports', modes.excludedOutboundPorts),
    excludedOutboundCidrs: modes.excludedOutboundRanges.map(({ address, length }, index) =>
      decodeRange(address, length, `modes.excluded_outbound_ranges[${index}]`),
    ),
    virtualInterfaces: modes.virtualInterfaces,
    existingConnections: EXISTING_CONNECTIONS.decode(modes.existingConnections, 'modes.existing_connections'),
  };
}
