/** How entity types look: WordNet's parts of speech have a colour each, other types none. */
const COLORS: Readonly<Record<string, string>> = {
  noun: 'iris',
  verb: 'orange',
  adjective: 'teal',
  adverb: 'grape',
}

/** Mantine colour of an entity type. */
export function colorOfType(entityType: string): string {
  return COLORS[entityType] ?? 'gray'
}
