import { AppShell } from '@mantine/core'
import type { ReactNode } from 'react'
import { Header } from './header.tsx'
import classes from './shell.module.css'
import { StatusBar } from './status-bar.tsx'

/** What is on every page: the header with the search, and the status bar. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
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
