import { openUniverse } from '../src/main/index.ts'
import { recipes } from './recipes.ts'

/** Recipes of this device. */
export const universe = await openUniverse(recipes, {
  name: 'recipes',
  worker: () => new Worker(new URL('./recipes.worker.ts', import.meta.url), { type: 'module' }),
})
const { versions, reducers } = universe

const id = await reducers.add({ title: 'Soup', steps: 'Boil.' })
const first = await versions.commit('As grandmother made it')
await versions.branch('spicy', first.id)

const draft = await versions.draft('spicy') // nobody sees what is called in it
await draft.call.rewrite({ id, steps: 'Boil. Add chilli.' })
await draft.commit('With chilli')
await reducers.add({ title: 'Bread', steps: 'Bake.' })

const then = await versions.at(first.id)
const spicy = await versions.at('spicy')
const output = document.querySelector('output') as HTMLOutputElement
const steps = async (past: typeof then) => (await past.get('recipe', id))?.steps
output.textContent = `${await steps(then)} → ${await steps(spicy)}`

const differences = await versions.diff(first.id) // to the present: the bread
const { conflicts } = await versions.merge('spicy', 'Soup with chilli, and bread')
output.textContent += ` ${differences.length} more, ${conflicts.length} conflicts`
