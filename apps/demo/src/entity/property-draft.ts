/** Properties while they are being typed: a value is JSON when it reads as JSON, else text. */
import type { Properties } from '@inner-universe/universe'

/** One line of the editor. */
export interface PropertyDraft {
  /** Stays the same while the name is being typed. */
  readonly key: string
  readonly name: string
  readonly text: string
}

/** The lines of some properties. */
export function draftsOf(properties: Properties): PropertyDraft[] {
  return Object.entries(properties).map(([name, value]) => ({
    key: name,
    name,
    text: textOf(value),
  }))
}

/** The properties of the lines; those without a name are left out, of equal names the last holds. */
export function propertiesOfDrafts(drafts: readonly PropertyDraft[]): Properties {
  const named = drafts.filter(({ name }) => name.trim() !== '')
  return Object.fromEntries(named.map(({ name, text }) => [name.trim(), parseValue(text)]))
}

/** Text is shown bare unless it would then be read as something else: `"12"` is not 12. */
function textOf(value: Properties[string]): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return parseValue(value) === value ? value : JSON.stringify(value)
}

function parseValue(text: string): Properties[string] {
  try {
    return JSON.parse(text) as Properties[string]
  } catch {
    return text // Not JSON: a person wrote words.
  }
}
