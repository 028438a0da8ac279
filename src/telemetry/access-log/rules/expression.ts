import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import { describeError } from '../../../base/index.ts';
import { ATTRIBUTES, type AttributeMap } from './attribute-names.ts';

/** What an expression can ask about: `request.method` is `attributes.request.method`. Absent ones make it fail. */
export type ExpressionAttributes = Readonly<Record<AttributeMap, Readonly<Record<string, unknown>>>>;

/** An expression of the Common Expression Language, compiled. Undefined: it failed, or asks for what is not there. */
export type Expression = (attributes: ExpressionAttributes) => unknown;

/**
 * Compiles an expression; a sentence where it is none. What could take long for one record is no part of the language here:
 * expressions are written by many, and a proxy is shared. There are no loops (`all`, `map`, …), and `matches` is RE2's.
 */
export function compileExpression(source: string): Expression | string {
  if (source.length > LONGEST) return `expected at most ${LONGEST} characters, got ${source.length}`;
  try {
    const program = ENVIRONMENT.parse(withRe2(source));
    const strange = strangerIn(program.ast);
    if (strange !== undefined) return `expected no ${strange} in an expression`;
    const { valid, error } = program.check();
    if (!valid) return firstLine(error);
    return (attributes) => {
      try {
        return program({ ...attributes }) as unknown;
      } catch {
        return undefined;
      }
    };
  } catch (error) {
    return firstLine(error);
  }
}

/** What an expression that compiles asks for and no record ever has, as `response.flags`. */
export function unknownAttributes(source: string): readonly string[] {
  const unknown = new Set<string>();
  const visit = (node: ASTNode): void => {
    const attribute = attributeOf(node);
    if (attribute !== undefined && !ATTRIBUTES[attribute.map].includes(attribute.name))
      unknown.add(`${attribute.map}.${attribute.name}`);
    for (const child of childrenOf(node.args)) visit(child);
  };
  visit(ENVIRONMENT.parse(withRe2(source)).ast);
  return [...unknown];
}

function attributeOf(node: ASTNode): { readonly map: AttributeMap; readonly name: string } | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [owner, key] = node.args;
  const name = typeof key === 'string' ? key : key.op === 'value' ? key.args : undefined;
  if (owner.op !== 'id' || typeof name !== 'string' || !isAttributeMap(owner.args)) return undefined;
  return { map: owner.args, name };
}

function isAttributeMap(name: string): name is AttributeMap {
  return Object.hasOwn(ATTRIBUTES, name);
}

function firstLine(error: unknown): string {
  return describeError(error).split('\n', 1)[0] ?? '';
}

/** The library's own `matches` is JavaScript's, which a short expression can keep busy for ever: it is called by our name. */
function withRe2(source: string): string {
  return source.replace(LITERAL_OR_MATCHES, (text) => (text.startsWith('.') ? `.${RE2_MATCHES}(` : text));
}

/** The first call in the tree that is not one of ours. */
function strangerIn(node: ASTNode): string | undefined {
  if (node.op === 'call' && !CALLS.has(node.args[0])) return `${node.args[0]}()`;
  if (node.op === 'rcall' && !METHODS.has(node.args[0])) return `${node.args[0]}()`;
  for (const child of childrenOf(node.args)) {
    const strange = strangerIn(child);
    if (strange !== undefined) return strange;
  }
  return undefined;
}

function childrenOf(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}

function matches(text: string, pattern: string): boolean {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = RE2JS.compile(pattern);
    if (patterns.size >= MOST_PATTERNS) patterns.clear();
    patterns.set(pattern, compiled);
  }
  return compiled.matcher(text.slice(0, LONGEST_SUBJECT)).find();
}

/** Compiled patterns, for the same ones come with each record. */
const patterns = new Map<string, RE2JS>();
const MOST_PATTERNS = 256;
const LONGEST = 2_048;
const LONGEST_SUBJECT = 8_192;
const RE2_MATCHES = 'matchesRe2';
/** String literals, which stay as they are, or a call of matches. */
const LITERAL_OR_MATCHES =
  /"""[\s\S]*?"""|'''[\s\S]*?'''|[rR]"[^"]*"|[rR]'[^']*'|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|\.\s*matches\s*\(/g;
const CALLS: ReadonlySet<string> = new Set(['has', 'size', 'int', 'uint', 'double', 'string', 'duration']);
const METHODS: ReadonlySet<string> = new Set([
  ...['startsWith', 'endsWith', 'contains', 'size', 'lowerAscii', 'upperAscii', 'trim', RE2_MATCHES],
]);
const ENVIRONMENT = new Environment({
  limits: {
    maxAstNodes: 300,
    maxDepth: 40,
    maxListElements: 64,
    maxMapEntries: 16,
    maxCallArguments: 4,
  },
});
for (const name of Object.keys(ATTRIBUTES)) ENVIRONMENT.registerVariable(name, 'map');
ENVIRONMENT.registerFunction(`string.${RE2_MATCHES}(string): bool`, matches);
