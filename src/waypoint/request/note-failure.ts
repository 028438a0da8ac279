import { causeOf, type MeshError } from '../../base/index.ts';
import { decidedBy, ProxyError } from '../../proxy/index.ts';
import type { RequestRecord } from './request-record.ts';

/** Writes down what kept a request from its answer, or cut it; the first that is noted stays. */
export function noteFailure(record: RequestRecord, failure: MeshError): void {
  record.error ??= failure;
  const own = causeOf(failure, ProxyError);
  record.reason ??= own?.reason ?? failure.code;
  const { policy, rule } = decidedBy(failure);
  record.policy ??= policy;
  record.rule ??= rule;
  record.ruleName ??= own?.ruleName;
}
