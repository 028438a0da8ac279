import { XdsError } from '../errors.ts';

/**
 * Bounds the names that one client makes the server remember, over all types of its stream: those that it subscribes to, and
 * those that it says it holds and that do not exist. Names of the snapshot cost nothing: they are there anyway.
 */
export interface NameBudget {
  /** Throws XdsError ERR_XDS_TOO_MANY_NAMES. */
  take(name: string): void;
  give(names: number, characters: number): void;
}

/** Past either, the stream is ended. */
export interface NameLimits {
  readonly maxNamesPerStream: number;
  /** Of all these names together, in characters. */
  readonly maxNameCharactersPerStream: number;
}

/** `take` throws the XdsError that ends the stream. */
export function createNameBudget(limits: NameLimits): NameBudget {
  const { maxNamesPerStream, maxNameCharactersPerStream } = limits;
  let names = 0;
  let characters = 0;
  return {
    take(name) {
      names += 1;
      characters += name.length;
      if (names > maxNamesPerStream) throw tooManyNames(`${maxNamesPerStream} names`);
      if (characters > maxNameCharactersPerStream)
        throw tooManyNames(`names of ${maxNameCharactersPerStream} characters in all`);
    },
    give(givenNames, givenCharacters) {
      names -= givenNames;
      characters -= givenCharacters;
    },
  };
}

function tooManyNames(limit: string): XdsError {
  return new XdsError({
    code: 'ERR_XDS_TOO_MANY_NAMES',
    blame: 'downstream',
    message: `a stream may ask for, or hold of what does not exist, ${limit}, and this one has more`,
    hint: 'subscribe to the wildcard instead',
  });
}
