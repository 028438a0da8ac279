import { create } from '@bufbuild/protobuf';
import type { FaultAbort, FaultDelay, FaultInjection, FaultRule, Share } from '../../../../model/index.ts';
import {
  FaultAbortSchema,
  FaultDelaySchema,
  FaultInjectionSchema,
  FaultRuleSchema,
  ShareSchema,
  type FaultAbort as WireFaultAbort,
  type FaultDelay as WireFaultDelay,
  type FaultInjection as WireFaultInjection,
  type FaultRule as WireFaultRule,
  type Share as WireShare,
} from '../../../generated/waypoint_fault_pb.js';
import { badField, requireText } from '../../field.ts';
import { decodeHead, encodeHead } from './admission-head.ts';
import { decodeCondition, encodeCondition } from './condition-codec.ts';

/** `nodemesh.waypoint.FaultInjection`. */
export function encodeFaultInjection(fault: FaultInjection): WireFaultInjection {
  return create(FaultInjectionSchema, {
    ...encodeHead(fault),
    rules: fault.rules.map(encodeRule),
    maximumActive: fault.maximumActive,
  });
}

/** Throws ERR_WIRE_FIELD, naming the field. */
export function decodeFaultInjection(message: WireFaultInjection): FaultInjection {
  return {
    ...decodeHead('FaultInjection', message, 'fault_injection'),
    rules: message.rules.map((rule, index) => decodeRule(rule, `fault_injection.rules[${index}]`)),
    maximumActive: message.maximumActive,
  };
}

function encodeRule({ name, conditions, delay, abort }: FaultRule): WireFaultRule {
  return create(FaultRuleSchema, {
    name,
    conditions: conditions.map(encodeCondition),
    ...(delay === undefined ? {} : { delay: encodeDelay(delay) }),
    ...(abort === undefined ? {} : { abort: encodeAbort(abort) }),
  });
}

function decodeRule(rule: WireFaultRule, path: string): FaultRule {
  return {
    name: requireText(rule.name, `${path}.name`),
    conditions: rule.conditions.map((one, index) => decodeCondition(one, `${path}.conditions[${index}]`)),
    delay: rule.delay && decodeDelay(rule.delay, `${path}.delay`),
    abort: rule.abort && decodeAbort(rule.abort, `${path}.abort`),
  };
}

function encodeDelay({ share, delayMs }: FaultDelay): WireFaultDelay {
  return create(FaultDelaySchema, { share: create(ShareSchema, share), delayMs: BigInt(delayMs) });
}

function decodeDelay({ share, delayMs }: WireFaultDelay, path: string): FaultDelay {
  return { share: decodeShare(share, `${path}.share`), delayMs: Number(delayMs) };
}

function encodeAbort({ share, status, grpcStatus }: FaultAbort): WireFaultAbort {
  return create(FaultAbortSchema, {
    share: create(ShareSchema, share),
    ...(status === undefined ? {} : { status }),
    ...(grpcStatus === undefined ? {} : { grpcStatus }),
  });
}

function decodeAbort({ share, status, grpcStatus }: WireFaultAbort, path: string): FaultAbort {
  if (status === undefined && grpcStatus === undefined)
    throw badField(path, 'expected a status or a gRPC status, got neither');
  return { share: decodeShare(share, `${path}.share`), status, grpcStatus };
}

function decodeShare(share: WireShare | undefined, path: string): Share {
  if (share === undefined || share.denominator === 0)
    throw badField(path, 'expected a share of something, got none');
  return { numerator: share.numerator, denominator: share.denominator };
}
