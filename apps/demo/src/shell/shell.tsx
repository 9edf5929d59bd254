import { AppShell } from '@mantine/core'
import { type ReactNode, useEffect, useLayoutEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import { Header } from './header.tsx'
import classes from './shell.module.css'
import { StatusBar } from './status-bar.tsx'

/** What is on every page: the header with the search, and the status bar. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  useScrollToTop()
  return (
    <AppShell header={{ height: 60 }} footer={{ height: 34 }} transitionDuration={0}>
      <a href="#content" className="skip-link">
        Skip to the content
      </a>
      <AppShell.Header className={classes.header}>
        <Header />
      </AppShell.Header>
      <AppShell.Main id="content">{children}</AppShell.Main>
      <AppShell.Footer className={classes.footer}>
        <StatusBar />
      </AppShell.Footer>
    </AppShell>
  )
}

/** Begins every page at its top, but leaves to the browser where one was on the page gone back to. */
function useScrollToTop(): void {
  const [location] = useLocation()
  const isGoingBack = useRef(false)
  useEffect(() => {
    const onPopState = (): void => {
      isGoingBack.current = true
    }
    // Order matters: captured, it is heard before the router, whose listener draws the page.
    window.addEventListener('popstate', onPopState, { capture: true })
    return () => window.removeEventListener('popstate', onPopState, { capture: true })
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another page
  useLayoutEffect(() => {
    if (!isGoingBack.current) window.scrollTo(0, 0)
    isGoingBack.current = false
  }, [location])
}
