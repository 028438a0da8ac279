import fc from 'fast-check';
import { test } from 'tap';
import { type PortRange, pickPort, rangesBeside } from '../../src/net/socket/source-port.ts';

test("ports for connections in a client's name are never of the range that clients take theirs from", async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1024, max: 65_535 }),
      fc.integer({ min: 1024, max: 65_535 }),
      fc.double({ min: 0, max: 0.999_999_9, noNaN: true }),
      (a, b, random) => {
        const kernel: PortRange = [Math.min(a, b), Math.max(a, b)];
        const port = pickPort(rangesBeside(kernel), random);
        if (port === undefined) return 65_535 - 1024 + 1 - (kernel[1] - kernel[0] + 1) < 8_192;
        return port >= 1024 && port <= 65_535 && (port < kernel[0] || port > kernel[1]);
      },
    ),
  );
  t.same(rangesBeside([32_768, 60_999]), [
    [1024, 32_767],
    [61_000, 65_535],
  ]);
});

test('where the kernel has nearly all ports, the choice is left to it', async (t) => {
  t.same(rangesBeside([1024, 65_000]), []);
  t.equal(pickPort([], 0.5), undefined);
});
