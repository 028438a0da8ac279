import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { createLogger, type LogFormat, type MeshLogger, openLogSink } from '../../src/telemetry/index.ts';

function recorded(format: LogFormat, level = 'info'): { log: MeshLogger; lines: string[] } {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line) };
  return { log: createLogger({ format, level, stream, clock: { now: () => 0 } }), lines };
}

test('a text line is time, level, target, message and fields, with tabs between', async (t) => {
  const { log, lines } = recorded('text');
  log
    .child({ target: 'xds', node: 'n1' })
    .warn('stream ended', { attempt: 3, why: 'two words', gone: undefined });
  t.same(lines, ['1970-01-01T00:00:00.000Z\twarn\txds\tstream ended\tnode=n1 attempt=3 why="two words"\n']);
});

test('a JSON line is one object with the same content', async (t) => {
  const { log, lines } = recorded('json');
  log.child({ target: 'xds', node: 'n1' }).warn('stream ended', { attempt: 3, nested: { a: 1 } });
  t.same(JSON.parse(lines[0] ?? ''), {
    time: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    target: 'xds',
    message: 'stream ended',
    node: 'n1',
    attempt: 3,
    nested: { a: 1 },
  });
});

test('an error is written as its message with its causes, its code and its hint', async (t) => {
  const cause = new Error('connection refused');
  const error = new MeshError({
    code: 'ERR_X',
    blame: 'local',
    message: 'cannot dial',
    hint: 'look there',
    cause,
  });
  for (const format of ['text', 'json'] as const) {
    const { log, lines } = recorded(format);
    log.error('failed', { error });
    t.match(lines[0], /cannot dial: connection refused/);
    t.match(lines[0], /error\.code"?[=:]"?ERR_X/);
    t.match(lines[0], /error\.hint"?[=:]"look there"/);
  }
});

test('the level is changed for a logger and all its children at once, and by target', async (t) => {
  const { log, lines } = recorded('text', 'warn');
  const access = log.child({ target: 'access' });
  const deep = access.child({ pod: 'p' });
  access.info('no');
  t.equal(lines.length, 0);
  log.setLevel('warn,access=debug');
  deep.debug('yes');
  log.info('no');
  t.equal(lines.length, 1);
  t.equal(access.isEnabled('debug'), true);
  t.equal(log.isEnabled('info'), false);
  log.setLevel('trace');
  log.trace('yes');
  t.equal(lines.length, 2);
  for (const wrong of ['loud', 'info,access=', '', 'info=info=info,x=y'])
    t.throws(() => log.setLevel(wrong), { code: 'ERR_TELEMETRY_LOG_LEVEL' }, wrong);
  t.equal(log.level, 'trace', 'a level that does not parse changes nothing');
});

test('whatever is logged is one line, whose columns and fields cannot be forged', async (t) => {
  const anything = fc.oneof(
    fc.string(),
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
  );
  const { log, lines } = recorded('text', 'trace');
  const json = recorded('json', 'trace');
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  for (const value of [cyclic, 10n, Symbol('s'), () => 1, Number.NaN, new Date(Number.NaN)]) {
    log.info('odd', { value });
    json.log.info('odd', { value });
  }
  fc.assert(
    fc.property(fc.string(), anything, fc.string(), (event, value, target) => {
      lines.length = 0;
      json.lines.length = 0;
      log.child({ target }).info(event, { value, injected: 'a\tb\nlevel=error' });
      json.log.child({ target }).info(event, { value, time: 'x', level: 'y', message: 'z' });
      const [line = ''] = lines;
      const parsed = JSON.parse(json.lines[0] ?? '');
      return (
        lines.length === 1 &&
        line.indexOf('\n') === line.length - 1 &&
        line.split('\t').length === 5 &&
        json.lines.length === 1 &&
        parsed.level === 'info' &&
        parsed['field.message'] === 'z'
      );
    }),
    { numRuns: 2000 },
  );
  t.pass('held for everything tried');
});

test('nothing that a terminal obeys, or that hides or turns text, stands in a line as it is', async (t) => {
  const path = '/a\u009b2J\u007f\u202egpj.\u2066\u2028\u00e9\u{e0041}';
  for (const format of ['text', 'json'] as const) {
    const { log, lines } = recorded(format);
    log.info('request complete', { path });
    const [line = ''] = lines;
    t.notMatch(line.trimEnd().replaceAll('\t', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    t.match(line, 'é', 'what can be read is left');
    const value: unknown =
      format === 'json' ? JSON.parse(line).path : JSON.parse(line.trimEnd().split('path=')[1] ?? '');
    t.equal(value, path, 'who parses it gets what it was');
  }
});

test('a sink writes to its descriptor and keeps it open', async (t) => {
  const file = join(tmpdir(), `nodemesh-log-${process.pid}`);
  const fd = openSync(file, 'w');
  const sink = openLogSink({ fd });
  sink.write('one\n');
  sink.write('two\n');
  sink.close();
  sink.close();
  sink.write('late\n');
  t.equal(readFileSync(file, 'utf8'), 'one\ntwo\n');
  t.equal(sink.dropped, 1);
  closeSync(fd);
  rmSync(file);
});
