// Everything of OpenTelemetry's that weighs something, loaded as a whole when somebody wants to export.
export { resourceFromAttributes } from '@opentelemetry/resources';
export { readableSpan } from './convert.ts';
export { readableLogRecord } from './convert-log.ts';
export { logExporter, traceExporter } from './exporters.ts';
