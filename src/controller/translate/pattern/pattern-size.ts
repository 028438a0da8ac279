/**
 * About how many steps an expression compiles to, found without compiling it: each character, class or assertion is one, and
 * what is repeated `{n}` times counts n times. Time and memory of compiling grow with it. Of text that is no expression it is
 * some number.
 */
export function patternSize(source: string): number {
  /** For each open group what stood before it. */
  const open: number[] = [];
  let size = 0;
  /** Of what a repetition would repeat. */
  let last = 0;
  const add = (steps: number): void => {
    size += steps;
    last = steps;
  };
  for (let index = 0; index < source.length; ) {
    const rest = source.slice(index, index + LONGEST_TOKEN);
    const repeat = /^\{(\d+)(?:,(\d*))?\}/.exec(rest);
    if (repeat !== null) {
      const [text, least = '', most = ''] = repeat;
      const times = Math.max(Number(least), Number(most), 1);
      add(last * (times - 1));
      last *= times;
      index += text.length;
      continue;
    }
    const character = source[index];
    index += 1;
    switch (character) {
      case '\\':
        if (source[index] === 'Q') {
          const end = source.indexOf('\\E', index);
          add(end === -1 ? source.length - index : end - index);
          index = end === -1 ? source.length : end + 2;
        } else {
          index += 1;
          add(1);
        }
        break;
      case '[':
        index = endOfClass(source, index);
        add(1);
        break;
      case '(':
        open.push(size);
        add(2);
        break;
      case ')':
        last = size - (open.pop() ?? 0);
        break;
      default:
        add(1);
    }
  }
  return size;
}

/** Behind the bracket that closes a class; `]` stands for itself where it comes first. */
function endOfClass(source: string, start: number): number {
  let index = start;
  if (source[index] === '^') index += 1;
  if (source[index] === ']') index += 1;
  for (; index < source.length && source[index] !== ']'; index++) if (source[index] === '\\') index += 1;
  return index + 1;
}

/** Of a repetition: RE2 takes none that is longer. */
const LONGEST_TOKEN = 16;
