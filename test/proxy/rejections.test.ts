import { test } from 'tap';
import { MeshError, silentLogger } from '../../src/base/index.ts';
import { createRejectionRecorder } from '../../src/proxy/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';

test('a flood of refused peers is counted whole, but does not fill the log', async (t) => {
  const clock = createFakeClock();
  const lines: { readonly message: string; readonly count: unknown }[] = [];
  let counted = 0;
  let shown = 0;
  const write = (message: string, fields?: Readonly<Record<string, unknown>>): void =>
    void lines.push({ message, count: fields?.count });
  const log = { debug: write, info: write, warn: write, error: write };
  const record = createRejectionRecorder({
    reporter: 'destination',
    decisions: {
      refused() {
        counted += 1;
      },
    },
    observer: {
      refused() {
        shown += 1;
      },
    },
    log: { ...log, child: () => log } as never,
    clock,
  });
  const destination = { namespace: 'shop', workload: 'cart', identity: '' };
  const error = new MeshError({ code: 'ERR_TEST', blame: 'downstream', message: 'no certificate' });
  for (let sent = 0; sent < 5_000; sent++)
    record('pod', { error, remote: undefined, peer: undefined }, destination);
  t.equal(counted, 5_000);
  t.equal(shown, 200, 'nor what a dashboard keeps');
  t.equal(lines.filter(({ message }) => message === 'peer refused').length, 200);
  await clock.advance(10_000);
  t.match(lines.at(-1), { message: 'more peers refused, not logged', count: 4_800 });
  record('pod', { error, remote: undefined, peer: undefined }, destination);
  t.match(lines.at(-1), { message: 'peer refused' }, 'later ones are logged again');
});

test('what a waypoint turns away it tells as a waypoint', async (t) => {
  const reporters: string[] = [];
  const note = ({ reporter }: { readonly reporter: string }): void => void reporters.push(reporter);
  const record = createRejectionRecorder({
    reporter: 'waypoint',
    decisions: { refused: note },
    observer: { refused: note },
    log: silentLogger,
    clock: createFakeClock(),
  });
  const error = new MeshError({ code: 'ERR_TEST', blame: 'downstream', message: 'no certificate' });
  const destination = { namespace: 'shop', workload: 'waypoint', identity: '' };
  record('shop/waypoint', { error, remote: undefined, peer: undefined }, destination);
  t.same(reporters, ['waypoint', 'waypoint']);
});
