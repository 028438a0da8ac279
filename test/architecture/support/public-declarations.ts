/** A function, class or type that other files may use, with the comment right above it. */
export interface PublicDeclaration {
  readonly file: string;
  readonly name: string;
  /** Empty: there is none. */
  readonly comment: string;
}

/** What a file exports under a name of its own. Of several signatures of one name the first has the comment. */
export function publicDeclarations(file: string, text: string): readonly PublicDeclaration[] {
  const found: PublicDeclaration[] = [];
  for (const match of text.matchAll(DECLARATION)) {
    const name = match[1] ?? '';
    if (found.at(-1)?.name === name) continue;
    const comment = COMMENT_AT_END.exec(text.slice(0, match.index))?.[1] ?? '';
    found.push({ file, name, comment: comment.trim() });
  }
  return found;
}

/** Whether a comment has no word that is not in the name too. */
export function repeatsName({ name, comment }: PublicDeclaration): boolean {
  const known = new Set(wordsOf(name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')));
  return wordsOf(comment).every((word) => known.has(word) || SMALL_WORDS.has(word));
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type) (\w+)/gm;
const COMMENT_AT_END = /\/\*\*((?:(?!\*\/).)*)\*\/\n$/s;
const SMALL_WORDS = new Set(['a', 'an', 'the', 'of', 'to', 'be', 'for', 'is', 'and', 'in']);
