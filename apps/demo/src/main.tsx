// Entry of the page.
import '@mantine/core/styles.css'
import './global.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { openToAll } from './sync/open-to-all.ts'
import { reloadWithRelay } from './sync/relay-address.ts'
import { openAppUniverse } from './universe.ts'

// Before React: the worker starts while the page is being drawn.
const universe = openAppUniverse()
// The error boundary shows its failure; without a handler the browser would report it as well.
universe.then(openToAll, () => undefined)
reloadWithRelay()

const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App universe={universe} />
    </StrictMode>,
  )
}
