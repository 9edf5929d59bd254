// The least an app can be: what it weighs is ours.
import { openUniverse } from '@inner-universe/client'
import { counterModule } from './counter.ts'

const universe = await openUniverse(counterModule, {
  name: 'size',
  worker: () => new Worker(new URL('./page.worker.ts', import.meta.url), { type: 'module' }),
})
await universe.reducers.increment({})
