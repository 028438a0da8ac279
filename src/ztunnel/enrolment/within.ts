import type { Clock } from '../../base/index.ts';

/** `work`'s result, or undefined when it takes longer than `limitMs`. A later failure of `work` goes to `onLate`. */
export function within<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  onLate: (error: unknown) => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = clock.after(limitMs, () => {
      late = true;
      resolve(undefined);
    });
    work.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        if (late) onLate(error);
        else reject(error);
      },
    );
  });
}
