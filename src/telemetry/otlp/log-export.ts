import type { AccessOutput } from '../access-log/index.ts';
import { createOtlpExport, type OtlpExport, openedSignal } from './otlp-export.ts';
import type { OtlpExportOptions } from './span-export.ts';
import type { TimedLine } from './convert-log.ts';

/** Sends an access log to a collector. */
export function createLogExport(options: OtlpExportOptions): OtlpExport<TimedLine> {
  const { config, resource } = options;
  return createOtlpExport(
    {
      name: 'access logs',
      async open() {
        const { logExporter, readableLogRecord, resourceFromAttributes } = await import(
          './open-telemetry.ts'
        );
        const sender = resourceFromAttributes({ ...resource });
        return openedSignal(await logExporter(config), (line: TimedLine) => readableLogRecord(line, sender));
      },
    },
    options,
  );
}

/** An export as the output of an access log. All levels go there. */
export function exportOutput(
  lines: Pick<OtlpExport<TimedLine>, 'add'>,
  clock: OtlpExportOptions['clock'],
): AccessOutput {
  return {
    isEnabled: () => true,
    write: (line) => lines.add({ ...line, atMs: clock.now() }),
  };
}
