import { causeOf, type MeshError } from '../../base/index.ts';
import { ProxyError } from '../../proxy/index.ts';
import type { RequestRecord } from './request-record.ts';

/** Writes down what kept a request from its answer, or cut it; the first that is noted stays. */
export function noteFailure(record: RequestRecord, failure: MeshError): void {
  record.error ??= failure;
  const own = causeOf(failure, ProxyError);
  record.reason ??= own?.reason ?? failure.code;
  record.policy ??= own?.policy;
  record.rule ??= own?.rule;
  record.ruleName ??= own?.ruleName;
}
