// Loaded before a run (`node --import`): puts one rule out of action as its file is loaded. The files
// themselves stay as they are, and hold no switches. Workers inherit it with their arguments.
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { applyMutant } from './mutant.ts'
import { mutantOf } from './mutants.ts'

const id = process.env.SIM_MUTANT
if (id !== undefined) {
  const mutant = mutantOf(id)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.startsWith('file:') || !fileURLToPath(url).endsWith(`/${mutant.file}`)) return loaded
      const source = applyMutant(mutant, String(loaded.source))
      return { ...loaded, source }
    },
  })
}
