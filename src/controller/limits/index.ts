export { type CallLimits, faultsOfCallLimits, resolveCallLimits } from './call-limits.ts';
export { limitServices } from './limit-services.ts';
export { callerKey } from './caller-key.ts';
export { registerLimitMetrics } from './limit-metrics.ts';
