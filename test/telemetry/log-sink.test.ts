import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'tap';

const script = `
import { openLogSink } from ${JSON.stringify(new URL('../../src/telemetry/index.ts', import.meta.url).href)};
const sink = openLogSink({ maximumBytes: 256 * 1024 });
const line = 'x'.repeat(1023) + '\\n';
let turns = 0;
const began = performance.now();
const timer = setInterval(() => {
  for (let n = 0; n < 64; n++) sink.write(line);
  if (++turns < 20) return;
  clearInterval(timer);
  process.stderr.write(JSON.stringify({ dropped: sink.dropped, tookMs: performance.now() - began }));
}, 5);
`;

test('a reader that does not read costs lines, and never stalls the process', async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const [report] = await once(child.stderr, 'data');
  const { dropped, tookMs } = JSON.parse(String(report));
  t.ok(dropped > 500, `${dropped} lines were dropped of 1280, a pipe holding 64 and the sink 256`);
  t.ok(tookMs < 5000, 'the event loop went on');
  await pause(10);
  child.stdout.resume();
  const [code] = await exited;
  t.equal(code, 0);
});
