import { Center, Loader, MantineProvider, Stack, Text } from '@mantine/core'
import { lazy, type ReactNode, Suspense } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { ClashNotices } from './conflicts/clash-notices.tsx'
import { ClashesProvider } from './conflicts/conflicts-context.tsx'
import { ConflictsPage } from './conflicts/conflicts-page.tsx'
import { CountsProvider } from './data/counts.tsx'
import { EntityPage } from './entity/entity-page.tsx'
import { EventsPage } from './events/events-page.tsx'
import { HomePage } from './home/home-page.tsx'
import { ImportProvider } from './import/import-context.tsx'
import { LivePage } from './live/live-page.tsx'
import { PresenceProvider } from './presence/presence-context.tsx'
import { ErrorBoundary } from './shell/error-boundary.tsx'
import { NotFoundPage } from './shell/not-found-page.tsx'
import { Shell } from './shell/shell.tsx'
import { StoragePage } from './storage/storage-page.tsx'
import { SyncPage } from './sync/sync-page.tsx'
import { UnsyncedProvider } from './sync/unsynced-context.tsx'
import { theme } from './theme.ts'
import { EditsProvider } from './undo/edits-context.tsx'
import { UndoNotice } from './undo/undo-notice.tsx'
import { type AppUniverse, UniverseProvider } from './universe.ts'

// The drawing library is a third of the code, and most visits do without it.
const GraphPage = lazy(() =>
  import('./graph/graph-page.tsx').then((module) => ({ default: module.GraphPage })),
)

const HistoryPage = lazy(() =>
  import('./history/history-page.tsx').then((module) => ({ default: module.HistoryPage })),
)
const PastPage = lazy(() =>
  import('./history/past-page.tsx').then((module) => ({ default: module.PastPage })),
)
const DraftPage = lazy(() =>
  import('./history/draft-page.tsx').then((module) => ({ default: module.DraftPage })),
)

/** The whole app over a universe that is being opened. */
export function App({ universe }: { readonly universe: Promise<AppUniverse> }): ReactNode {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <ErrorBoundary title="The universe cannot be opened">
        <Suspense fallback={<Opening />}>
          <UniverseProvider universe={universe}>
            <Providers>
              <Shell>
                <Pages />
              </Shell>
              <ClashNotices />
              <UndoNotice />
            </Providers>
          </UniverseProvider>
        </Suspense>
      </ErrorBoundary>
    </MantineProvider>
  )
}

function Providers({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <ImportProvider>
      <CountsProvider>
        <UnsyncedProvider>
          <PresenceProvider>
            <EditsProvider>
              <ClashesProvider>{children}</ClashesProvider>
            </EditsProvider>
          </PresenceProvider>
        </UnsyncedProvider>
      </CountsProvider>
    </ImportProvider>
  )
}

function Pages(): ReactNode {
  const [location] = useLocation()
  return (
    <ErrorBoundary title="This page cannot be shown" resetKey={location}>
      <Suspense fallback={<Opening />}>
        <Switch>
          <Route path="/" component={HomePage} />
          <Route path="/entity/:id">{({ id }) => <EntityPage key={id} id={id} />}</Route>
          <Route path="/graph/:id">{({ id }) => <GraphPage id={id} />}</Route>
          <Route path="/live" component={LivePage} />
          <Route path="/events" component={EventsPage} />
          <Route path="/history" component={HistoryPage} />
          <Route path="/history/at/:target/entity/:id">
            {({ target, id }) => <PastPage target={target} entityId={id} />}
          </Route>
          <Route path="/history/at/:target">
            {({ target }) => <PastPage target={target} entityId={undefined} />}
          </Route>
          <Route path="/history/draft" component={DraftPage} />
          <Route path="/sync" component={SyncPage} />
          <Route path="/conflicts" component={ConflictsPage} />
          <Route path="/storage" component={StoragePage} />
          <Route component={NotFoundPage} />
        </Switch>
      </Suspense>
    </ErrorBoundary>
  )
}

function Opening(): ReactNode {
  return (
    <Center mih="60vh">
      <Stack align="center" gap="sm">
        <Loader size="sm" aria-hidden />
        <Text c="dimmed" size="sm" role="status">
          Opening…
        </Text>
      </Stack>
    </Center>
  )
}
