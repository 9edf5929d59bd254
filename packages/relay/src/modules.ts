/**
 * Files of modules that a relay is given: with their code it folds as replicas do, lenses included.
 * Without, it folds by the tables that replicas tell it.
 */
import { pathToFileURL } from 'node:url'
import { checkModule, isUniverseError, type Module, UniverseError } from '@inner-universe/core'
import type { Policy } from '@inner-universe/sync/relay-side'

/** What the files export. */
export interface LoadedModules {
  readonly modules: readonly Module[]
  /** The function exported as `policy`; it is asked about every operation of every universe. */
  readonly policy: Policy | undefined
}

/**
 * Imports files and gathers the modules they export, under whatever names.
 *
 * @throws UniverseError `relay/config-invalid` for a file that cannot be imported or has no module,
 * two modules of one name, and two policies.
 */
export async function loadModules(paths: readonly string[]): Promise<LoadedModules> {
  const modules = new Map<string, Module>()
  let policy: Policy | undefined
  for (const path of paths) {
    const exported = await importFile(path)
    const found = Object.values(exported).filter(isModule)
    if (found.length === 0 && typeof exported.policy !== 'function') {
      throw configInvalid(`${path} exports neither a module nor a policy; check the path`)
    }
    for (const module of found) {
      check(path, module)
      const known = modules.get(module.name)
      if (known !== undefined && known !== module) {
        throw configInvalid(`${path} exports a second module "${module.name}"; keep one`)
      }
      modules.set(module.name, module)
    }
    if (typeof exported.policy === 'function') {
      if (policy !== undefined) throw configInvalid(`${path} exports a second policy; keep one`)
      policy = exported.policy as Policy
    }
  }
  return { modules: [...modules.values()], policy }
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>
  } catch (cause) {
    throw configInvalid(`${path} cannot be imported: ${(cause as Error).message}`, cause)
  }
}

function check(path: string, module: Module): void {
  try {
    checkModule(module)
  } catch (error) {
    if (!isUniverseError(error)) throw error
    throw configInvalid(`${path}: ${error.message}`, error)
  }
}

function isModule(value: unknown): value is Module {
  if (typeof value !== 'object' || value === null) return false
  const { name, version, tables, reducers } = value as Partial<Module>
  return (
    typeof name === 'string' &&
    typeof version === 'number' &&
    typeof tables === 'object' &&
    typeof reducers === 'object'
  )
}

function configInvalid(what: string, cause?: unknown): UniverseError {
  return new UniverseError(
    'relay/config-invalid',
    `the relay's configuration: "modules": ${what}`,
    cause === undefined ? {} : { cause },
  )
}
