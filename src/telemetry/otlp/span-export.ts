import type { Clock, Logger } from '../../base/index.ts';
import type { EndedSpan } from '../trace/index.ts';
import type { OtlpConfig, OtlpResource } from './otlp-config.ts';
import { createOtlpExport, type OtlpExport, openedSignal } from './otlp-export.ts';

/** Which collector, and as whom telemetry is sent there. */
export interface OtlpExportOptions {
  readonly config: OtlpConfig;
  readonly resource: OtlpResource;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Sends spans to a collector. */
export function createSpanExport(options: OtlpExportOptions): OtlpExport<EndedSpan> {
  const { config, resource } = options;
  return createOtlpExport(
    {
      name: 'spans',
      async open() {
        const { traceExporter, readableSpan, resourceFromAttributes } = await import('./open-telemetry.ts');
        const sender = resourceFromAttributes({ ...resource });
        return openedSignal(await traceExporter(config), (span: EndedSpan) => readableSpan(span, sender));
      },
    },
    options,
  );
}
