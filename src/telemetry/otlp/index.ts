export type { ExportCounts } from './batcher.ts';
export { registerExportMetrics } from './export-metrics.ts';
export { readHeadersFile } from './headers-file.ts';
export { createLogExport, exportOutput } from './log-export.ts';
export type { TimedLine } from './convert-log.ts';
export type { OtlpConfig, OtlpResource } from './otlp-config.ts';
export type { OtlpExport } from './otlp-export.ts';
export { createSpanExport, type OtlpExportOptions } from './span-export.ts';
