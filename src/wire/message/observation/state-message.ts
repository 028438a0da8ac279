import { create } from '@bufbuild/protobuf';
import type { CertificateView, PolicyView, ProxyState, WorkloadView } from '../../../model/index.ts';
import { enumTable } from '../../codec/enum-table.ts';
import { requireText } from '../../codec/field.ts';
import {
  type Certificate,
  CertificateKind,
  CertificateSchema,
  CostSchema,
  type Policy,
  PolicySchema,
  type ProxyState as ProxyStateMessage,
  ProxyStateSchema,
  RotationSchema,
  ValiditySchema,
  type Workload,
  WorkloadSchema,
} from '../../generated/observation_pb.js';
import { decodeAmount, decodeTime, whole } from './number-field.ts';
import { cut } from './text-field.ts';
import { decodeRates, decodeWaypoint, encodeRates, encodeWaypoint } from './waypoint-message.ts';

const KINDS = enumTable<CertificateView['kind']>({
  workload: CertificateKind.WORKLOAD,
  root: CertificateKind.ROOT,
  intermediate: CertificateKind.INTERMEDIATE,
  server: CertificateKind.SERVER,
});

/** `nodemesh.observation.v1.ProxyState`. */
export function encodeState(state: ProxyState): ProxyStateMessage {
  const message = create(ProxyStateSchema, {
    workloads: state.workloads.map(encodeWorkload),
    certificates: state.certificates.map(encodeCertificate),
    policies: state.policies.map((policy) => create(PolicySchema, policy)),
  });
  if (state.waypoint !== undefined) message.waypoint = encodeWaypoint(state.waypoint);
  return message;
}

/** Throws WireError. */
export function decodeState(message: ProxyStateMessage, proxy: string): ProxyState {
  return {
    workloads: message.workloads.map((workload, index) =>
      decodeWorkload(workload, `state.workloads[${index}]`),
    ),
    certificates: message.certificates.map((certificate, index) =>
      decodeCertificate(certificate, proxy, `state.certificates[${index}]`),
    ),
    policies: message.policies.map((policy, index) => decodePolicy(policy, `state.policies[${index}]`)),
    waypoint: message.waypoint && decodeWaypoint(message.waypoint, 'state.waypoint'),
  };
}

function encodeWorkload(view: WorkloadView): Workload {
  const { protocol, certificate, rates, cost, addresses, connections, olderConnections, ...texts } = view;
  const message = create(WorkloadSchema, {
    ...texts,
    addresses: [...addresses],
    hbone: protocol === 'HBONE',
    connections: whole(connections),
    olderConnections: whole(olderConnections),
    rates: encodeRates(rates),
  });
  if (certificate !== undefined) message.certificate = create(ValiditySchema, certificate);
  if (cost !== undefined) message.cost = create(CostSchema, cost);
  return message;
}

function decodeWorkload(message: Workload, path: string): WorkloadView {
  const { certificate, cost } = message;
  return {
    uid: requireText(message.uid, `${path}.uid`),
    namespace: message.namespace,
    name: message.name,
    workload: message.workload,
    node: message.node,
    addresses: message.addresses,
    identity: message.identity,
    protocol: message.hbone ? 'HBONE' : 'TCP',
    waypoint: message.waypoint,
    enrolment: cut(message.enrolment),
    certificate: certificate && {
      notBeforeMs: decodeTime(certificate.notBeforeMs, `${path}.certificate.not_before_ms`),
      notAfterMs: decodeTime(certificate.notAfterMs, `${path}.certificate.not_after_ms`),
    },
    connections: message.connections,
    olderConnections: message.olderConnections,
    rates: decodeRates(message.rates, `${path}.rates`),
    cost: cost && {
      cpuShare: decodeAmount(cost.cpuShare, `${path}.cost.cpu_share`),
      cpuCores: decodeAmount(cost.cpuCores, `${path}.cost.cpu_cores`),
      memoryBytes: decodeAmount(cost.memoryBytes, `${path}.cost.memory_bytes`),
      bandwidthShare: decodeAmount(cost.bandwidthShare, `${path}.cost.bandwidth_share`),
    },
  };
}

function encodeCertificate(view: CertificateView): Certificate {
  const { kind, name, serial, state, notBeforeMs, notAfterMs } = view;
  return create(CertificateSchema, {
    kind: KINDS.encode(kind),
    name,
    serial,
    state,
    validity: create(ValiditySchema, { notBeforeMs, notAfterMs }),
    rotations: view.rotations.map(({ outcome, ...rotation }) =>
      create(RotationSchema, { ...rotation, failed: outcome === 'failed' }),
    ),
  });
}

function decodeCertificate(message: Certificate, proxy: string, path: string): CertificateView {
  const { validity } = message;
  return {
    kind: KINDS.decode(message.kind, `${path}.kind`),
    name: message.name,
    proxy,
    serial: message.serial,
    state: cut(message.state),
    notBeforeMs: decodeTime(validity?.notBeforeMs ?? 0, `${path}.validity.not_before_ms`),
    notAfterMs: decodeTime(validity?.notAfterMs ?? 0, `${path}.validity.not_after_ms`),
    rotations: message.rotations.map(({ atMs, serial, failed, error }, index) => ({
      atMs: decodeTime(atMs, `${path}.rotations[${index}].at_ms`),
      serial,
      outcome: failed ? 'failed' : 'issued',
      error: cut(error),
    })),
  };
}

function decodePolicy(message: Policy, path: string): PolicyView {
  const { namespace, name, kind, action, scope, dryRun, problem } = message;
  return {
    namespace,
    name: requireText(name, `${path}.name`),
    kind,
    action: cut(action),
    scope: cut(scope),
    dryRun,
    allowed: decodeAmount(message.allowed, `${path}.allowed`),
    denied: decodeAmount(message.denied, `${path}.denied`),
    wouldDeny: decodeAmount(message.wouldDeny, `${path}.would_deny`),
    wouldAllow: decodeAmount(message.wouldAllow, `${path}.would_allow`),
    problem: cut(problem),
  };
}
