import { PassThrough } from 'node:stream';
import { test } from 'tap';
import { HttpError } from '../../../src/http/index.ts';
import { createBodyBudget, holdBody } from '../../../src/waypoint/filter/exchange/held-body.ts';

const cut = new HttpError({ code: 'ERR_HTTP_CUT', blame: 'upstream', message: 'gone' });

test('a body that was cut is told with its own reason, whether before it is held or within', {
  timeout: 10_000,
}, async (t) => {
  for (const when of ['before', 'within']) {
    const stream = new PassThrough();
    stream.on('error', () => undefined);
    stream.write('a part');
    const cutIt = () => new Promise<void>((resolve) => stream.destroy(cut).once('close', resolve));
    if (when === 'before') await cutIt();
    const budget = createBodyBudget(100);
    const holding = holdBody({ stream, length: undefined, trailers: () => undefined }, 100, budget);
    const told = t.rejects(holding, { code: 'ERR_HTTP_CUT', message: 'gone' }, when);
    if (when === 'within') await cutIt();
    await told;
    t.ok(budget.take(100), 'nothing of the budget is lost');
  }
});
