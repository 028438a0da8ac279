import { test } from 'tap';
import { complaintsOf } from '../support/kernel-numbers.ts';

test('numbers and structures of the kernel’s interface are those of its headers', async (t) => {
  t.same(complaintsOf('gcc'), []);
});
