import { causeOf, describeError, MeshError } from '../../../base/index.ts';
import { ControllerError } from '../../errors.ts';

/** Runs one write; whatever it fails with is told as ERR_CONTROLLER_SINK, to be tried again where that may help. */
export async function asSinkError<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ControllerError) throw cause;
    const known = causeOf(cause, MeshError);
    throw new ControllerError({
      code: 'ERR_CONTROLLER_SINK',
      blame: 'upstream',
      message: `${what}: ${describeError(cause)}`,
      hint: known?.hint,
      retryable: known?.retryable,
      cause,
    });
  }
}
