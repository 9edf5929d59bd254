/** A rule of the system put out of action, to see whether the simulator notices. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One change to one file. */
export interface Mutant {
  readonly id: string
  /** The rule that is put out of action. */
  readonly rule: string
  /** From the repository's root. */
  readonly file: string
  /** Text that occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** Survives, and why: what makes it equivalent, or what it would take to notice. */
  readonly survives?: string
}

/** Throws unless the text of each is in its file, exactly once. */
export function checkMutants(mutants: readonly Mutant[]): void {
  const root = join(import.meta.dirname, '../../../..')
  for (const mutant of mutants) applyMutant(mutant, readFileSync(join(root, mutant.file), 'utf8'))
}

/** The file with the rule out of action. Throws unless the text is there exactly once. */
export function applyMutant({ id, file, find, replace }: Mutant, source: string): string {
  const count = source.split(find).length - 1
  if (count !== 1) {
    throw new Error(
      `mutant "${id}": its text is ${count} times in ${file}, not once; write it anew`,
    )
  }
  return source.replace(find, () => replace)
}
