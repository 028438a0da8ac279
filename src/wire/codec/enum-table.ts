import { badField } from './field.ts';

/** The model's words for the numbers of one protobuf enum. */
export interface EnumTable<Word extends string> {
  encode(word: Word): number;
  /** `path` names the field in the error that an unknown number makes, where the table has no fallback. */
  decode(value: number, path: string): Word;
}

/**
 * `fallback` is what a number from a newer version means. Only enums that describe have one, or where one answer is
 * the safe one; what decides over a path or a policy has none, and the resource is refused.
 */
export function enumTable<Word extends string>(
  numbers: Readonly<Record<Word, number>>,
  fallback?: Word,
): EnumTable<Word> {
  const words = new Map<number, Word>();
  for (const word of Object.keys(numbers) as Word[]) words.set(numbers[word], word);
  return {
    encode: (word) => numbers[word],
    decode(value, path) {
      const word = words.get(value) ?? fallback;
      if (word === undefined) throw badField(path, `value ${value} is not known to this version`);
      return word;
    },
  };
}
