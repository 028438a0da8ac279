import type { OutlierEjection, Unset } from '../../../../model/index.ts';
import type { Field } from '../../fields/index.ts';
import { parseDuration } from '../duration.ts';

/** What is not said stays undefined: a wider policy, or the default, says it. */
export function parseOutliers(field: Field): Unset<OutlierEjection> {
  field.object([
    'consecutive5xxErrors',
    'consecutiveGatewayErrors',
    'failureRatio',
    'rateLimits',
    'baseEjectionTime',
    'maxEjectionTime',
    'jitterPercent',
    'maxEjectedPercent',
  ]);
  const baseEjectionMs = parseDuration(field.key('baseEjectionTime'), { minimum: '100ms', maximum: '1h' });
  const maximumEjectionMs = parseDuration(field.key('maxEjectionTime'), { minimum: '100ms', maximum: '24h' });
  // What is not said has its default.
  if ((baseEjectionMs ?? 10_000) > (maximumEjectionMs ?? 300_000))
    field.issue('a baseEjectionTime that is not longer than maxEjectionTime', 'a longer one');
  return {
    consecutive5xxErrors: field.key('consecutive5xxErrors').integer(ERRORS),
    consecutiveGatewayErrors: field.key('consecutiveGatewayErrors').integer(ERRORS),
    ...parseRatio(field.key('failureRatio')),
    ...parseRateLimits(field.key('rateLimits')),
    baseEjectionMs,
    maximumEjectionMs,
    jitterPercent: field.key('jitterPercent').integer(PERCENT),
    maximumEjectedPercent: field.key('maxEjectedPercent').integer(PERCENT),
  };
}

function parseRatio(field: Field) {
  field.object(['percent', 'minRequests', 'window']);
  const percent = field.key('percent');
  return {
    failureRatioPercent: (field.present ? percent.required() : percent).integer(PERCENT),
    failureRatioMinimumRequests: field.key('minRequests').integer({ minimum: 1, maximum: 1_000_000 }),
    failureRatioWindowMs: parseDuration(field.key('window'), { minimum: '1s', maximum: '10m' }),
  };
}

function parseRateLimits(field: Field) {
  field.object(['maxTime', 'defaultTime']);
  const most = field.key('maxTime');
  return {
    rateLimitedMaximumMs: parseDuration(field.present ? most.required() : most, {
      minimum: '0s',
      maximum: '1h',
    }),
    rateLimitedDefaultMs: parseDuration(field.key('defaultTime'), { minimum: '1ms', maximum: '1h' }),
  };
}

const ERRORS = { minimum: 0, maximum: 1_000 };
const PERCENT = { minimum: 0, maximum: 100 };
