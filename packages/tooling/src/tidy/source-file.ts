/**
 * What the tidy test wants to know of one TypeScript file, read from its syntax tree, so that
 * comments and strings which merely look like code do not count.
 */
import { parseSync } from 'vite'

/** A name with the line it stands on, counted from 1. */
export interface Occurrence {
  readonly name: string
  readonly line: number
}

/** The facts of one file. */
export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string
  /** Every module named: imports of values and of types, dynamic ones, re-exports. */
  readonly imports: readonly Occurrence[]
  /** String literals that end like a source file: worker URLs, paths given to tools. */
  readonly pathStrings: readonly string[]
  /**
   * Names used in expressions, with what follows by dots: `crypto.subtle` gives `crypto` and
   * `crypto.subtle`. A leading `globalThis.`, `self.` or `window.` is left out. `new Date()` without
   * arguments appears under that name, because it reads the clock.
   */
  readonly references: readonly Occurrence[]
  /** Exported declarations without a docstring right above them. */
  readonly undocumented: readonly Occurrence[]
  readonly hasDefaultExport: boolean
  /** True when it has `export * from`. */
  readonly hasStarExport: boolean
  /** True when it holds nothing but `export … from`. */
  readonly isExportList: boolean
  /** First arguments of calls where they are text: titles of tests are among them. */
  readonly titles: readonly Occurrence[]
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/**
 * Reads one file.
 *
 * @throws Error when the text does not parse; the message has the parser's reasons.
 */
export function parseSourceFile(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text)
  if (errors.length > 0) {
    throw new Error(`${path} does not parse: ${errors.map((error) => error.message).join('; ')}`)
  }
  const lineAt = lineFinder(text)
  const imports: Occurrence[] = []
  const pathStrings: string[] = []
  const references: Occurrence[] = []
  const titles: Occurrence[] = []

  const visit = (node: Node, isInType: boolean): void => {
    const source = moduleOf(node)
    if (source !== undefined) imports.push({ name: source, line: lineAt(node.start) })
    if (!isInType) {
      const name = referenceOf(node)
      if (name !== undefined) references.push({ name, line: lineAt(node.start) })
      const title = titleOf(node)
      if (title !== undefined) titles.push({ name: title, line: lineAt(node.start) })
      const literal = textOf(node)
      if (literal !== undefined && /\.(tsx?|html)$/.test(literal)) pathStrings.push(literal)
    }
    for (const child of childrenOf(node)) visit(child, isInType ? true : isTypeOnly(child))
  }
  visit(program as unknown as Node, false)

  const statements = program.body as unknown as readonly Node[]
  const docEnds = comments
    .filter((comment) => comment.type === 'Block' && comment.value.startsWith('*'))
    .map((comment) => comment.end)
  return {
    path,
    imports,
    pathStrings,
    references,
    titles,
    undocumented: undocumentedExports(statements, text, docEnds, lineAt),
    hasDefaultExport: statements.some((each) => each.type === 'ExportDefaultDeclaration'),
    hasStarExport: statements.some(
      (each) => each.type === 'ExportAllDeclaration' && each.exported === null,
    ),
    isExportList: statements.every((each) => each.type.startsWith('Export') && isNode(each.source)),
  }
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** Child nodes, without those that are names and not references: keys, members, specifiers. */
function childrenOf(node: Node): Node[] {
  if (node.type === 'ImportSpecifier' || node.type === 'ExportSpecifier') return []
  const skipped =
    node.computed === false ? (node.type === 'MemberExpression' ? 'property' : 'key') : undefined
  return Object.entries(node)
    .filter(([key]) => key !== skipped)
    .flatMap(([, value]) => value)
    .filter(isNode)
}

/** Parts of the tree that are erased. The three expressions with a type inside are not. */
function isTypeOnly(node: Node): boolean {
  const isExpression =
    node.type === 'TSAsExpression' ||
    node.type === 'TSSatisfiesExpression' ||
    node.type === 'TSNonNullExpression'
  return node.type.startsWith('TS') && !isExpression
}

function moduleOf(node: Node): string | undefined {
  const names =
    node.type === 'ImportDeclaration' ||
    node.type === 'ImportExpression' ||
    node.type === 'ExportNamedDeclaration' ||
    node.type === 'ExportAllDeclaration' ||
    node.type === 'TSImportType'
  return names && isNode(node.source) ? textOf(node.source) : undefined
}

function referenceOf(node: Node): string | undefined {
  if (node.type === 'NewExpression' && Array.isArray(node.arguments)) {
    const isClockRead =
      isNode(node.callee) && dottedName(node.callee) === 'Date' && node.arguments.length === 0
    return isClockRead ? 'new Date()' : undefined
  }
  return dottedName(node)?.replace(/^(globalThis|self|window)\./, '')
}

function dottedName(node: Node): string | undefined {
  if (node.type === 'Identifier') return String(node.name)
  if (node.type !== 'MemberExpression' || node.computed === true) return undefined
  const object = isNode(node.object) ? dottedName(node.object) : undefined
  const property = isNode(node.property) ? dottedName(node.property) : undefined
  return object === undefined || property === undefined ? undefined : `${object}.${property}`
}

function titleOf(node: Node): string | undefined {
  if (node.type !== 'CallExpression' || !Array.isArray(node.arguments)) return undefined
  return isNode(node.arguments[0]) ? textOf(node.arguments[0]) : undefined
}

/** The text of a string; of a template the part before its first placeholder. */
function textOf(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis)) return undefined
  return node.quasis[0]?.value?.cooked ?? undefined
}

function undocumentedExports(
  statements: readonly Node[],
  text: string,
  docEnds: readonly number[],
  lineAt: (offset: number) => number,
): Occurrence[] {
  const found: Occurrence[] = []
  const seen = new Set<string>()
  for (const statement of statements) {
    if (statement.type !== 'ExportNamedDeclaration' || !isNode(statement.declaration)) continue
    const isDocumented = docEnds.some(
      (end) => end <= statement.start && text.slice(end, statement.start).trim() === '',
    )
    const [name = 'declaration'] = declaredNames(statement.declaration)
    // The first overload speaks for the others.
    if (!isDocumented && !seen.has(name)) found.push({ name, line: lineAt(statement.start) })
    seen.add(name)
  }
  return found
}

function declaredNames(declaration: Node): string[] {
  const declarations = Array.isArray(declaration.declarations)
    ? declaration.declarations
    : [declaration]
  return declarations.map((each) => (isNode(each.id) ? String(each.id.name) : 'declaration'))
}
