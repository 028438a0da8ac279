import fc from 'fast-check';
import { test } from 'tap';
import { isFieldValue, isTarget, isToken } from '../../../src/http/index.ts';
import { readResult } from '../../../src/waypoint/filter/exchange/read-result.ts';

const anything = fc.oneof(
  fc.anything(),
  fc.string(),
  fc.integer(),
  fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 4 }),
  fc.constantFrom('GET', '/a', 'a b', 'x\r\ny: z', 'Host', [['host', 'x']], [['x', 'a\nb']], [['a', 'b']]),
);

test('whatever a filter’s process says, what comes of it may be sent', async (t) => {
  const heads = fc.oneof(
    fc.anything(),
    fc.record(
      {
        answer: fc.oneof(fc.boolean(), fc.anything()),
        method: anything,
        path: anything,
        status: fc.oneof(fc.integer({ min: 0, max: 700 }), anything),
        headers: anything,
        hasBody: fc.oneof(fc.boolean(), fc.anything()),
        locals: anything,
      },
      { requiredKeys: [] },
    ),
  );
  let accepted = 0;
  fc.assert(
    fc.property(heads, fc.uint8Array({ maxLength: 10 }), (head, body) => {
      let result: ReturnType<typeof readResult>;
      try {
        result = readResult(head, body);
      } catch (error) {
        if (error instanceof RangeError) return;
        throw error;
      }
      accepted += 1;
      const { method, target, status, headers, isAnswer } = result;
      if (method !== undefined && (!isToken(method) || method === 'CONNECT'))
        throw new Error(`method ${method}`);
      if (target !== undefined && (!isTarget(target) || !target.startsWith('/')))
        throw new Error(`target ${target}`);
      if (status !== undefined && !(status >= 200 && status <= 599)) throw new Error(`status ${status}`);
      if (isAnswer && status === undefined) throw new Error('an answer without a status');
      for (const [name, value] of headers ?? [])
        if (!isToken(name) || !isFieldValue(value) || name.toLowerCase() === 'host')
          throw new Error(`${name}: ${value}`);
    }),
    { numRuns: 5_000 },
  );
  t.ok(accepted > 100, `${accepted} of 5,000 made sense`);
});
