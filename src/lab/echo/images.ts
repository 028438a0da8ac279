import type { BuiltInImages } from '../kubelet/index.ts';

/** The images that a lab has without any registry; each is a hidden command of this very program. */
export function builtInImages(program: readonly string[]): BuiltInImages {
  return {
    'echo-basic': [...program, 'lab-echo-basic'],
    'echo-advanced': [...program, 'lab-echo-advanced'],
    shop: [...program, 'lab-shop'],
  };
}
