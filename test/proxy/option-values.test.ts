import { test } from 'tap';
import { ModelError } from '../../src/model/index.ts';
import { createProblems, logLevel } from '../../src/proxy/index.ts';

/** Any coded error does. */
const fail = (message: string): ModelError =>
  new ModelError({ code: 'ERR_MODEL_TRUST_DOMAIN', blame: 'downstream', message });

test('a log level may have exceptions', async (t) => {
  for (const level of ['info', 'info,access=warn', 'debug,xds.delta=trace,http-2=error']) {
    const problems = createProblems(fail);
    t.equal(logLevel(problems, level), level);
    problems.throwIfAny();
  }
  for (const level of ['loud', 'info,access', 'info,=warn', 'info,access=loud']) {
    const problems = createProblems(fail);
    logLevel(problems, level);
    t.throws(() => problems.throwIfAny(), { message: /--log-level: expected one of trace, debug/ }, level);
  }
});
