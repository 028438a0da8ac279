import { test } from 'tap';
import type { LogFields } from '../../../src/base/index.ts';
import { silentLogger, systemClock } from '../../../src/base/index.ts';
import { createOtlpExport } from '../../../src/telemetry/otlp/otlp-export.ts';

test('the first failure of a row is logged, and its end', async (t) => {
  const logged: string[] = [];
  const note = (message: string, fields?: LogFields): void =>
    void logged.push(`${message} ${String(fields?.error ?? '')}`.trim());
  const answers: (() => Promise<Error | undefined>)[] = [
    async () => new Error('refused'),
    () => Promise.reject(new Error('thrown')),
    async () => undefined,
  ];
  const spans = createOtlpExport<number>(
    {
      name: 'spans',
      open: async () => ({
        send: () => answers.shift()?.() ?? Promise.resolve(undefined),
        close: async () => undefined,
      }),
    },
    { clock: systemClock, log: { ...silentLogger, warn: note, info: note } },
  );
  for (let count = 0; count < 3 * 512; count++) spans.add(count);
  await spans.close();
  t.same(spans.counts, { exported: 512, dropped: 0, failed: 1_024 });
  t.same(logged, ['the collector does not take spans refused', 'the collector takes spans again']);
});

test('an exporter that cannot be made is a failure like any other', async (t) => {
  const logged: string[] = [];
  const spans = createOtlpExport<number>(
    { name: 'spans', open: () => Promise.reject(new Error('no such module')) },
    { clock: systemClock, log: { ...silentLogger, warn: (message) => void logged.push(message) } },
  );
  spans.add(1);
  await spans.close();
  t.same(spans.counts, { exported: 0, dropped: 0, failed: 1 });
  t.same(logged, ['the collector does not take spans']);
});
