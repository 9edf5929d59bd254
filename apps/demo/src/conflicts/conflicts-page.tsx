import { Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import classes from './clash-card.module.css'
import { ClashCard } from './clash-card.tsx'
import { useClashes } from './conflicts-context.tsx'

/** Changes made here that met changes made elsewhere. */
export function ConflictsPage(): ReactNode {
  const { clashes, error } = useClashes()
  return (
    <Page title="Conflicts" size="sm">
      <Stack gap="lg">
        <header>
          <PageTitle>Conflicts</PageTitle>
          <Text c="dimmed">
            What you and another device changed without knowing of each other. All devices have
            settled on the same already; here you can have it the other way.
          </Text>
        </header>
        {error !== undefined && <ErrorNotice error={error} title="The conflicts cannot be read" />}
        {clashes.length === 0 ? (
          <Text c="dimmed" py="lg">
            There are none.
          </Text>
        ) : (
          <ul className={classes.list}>
            {clashes.map((clash) => (
              <ClashCard key={clash.conflictIds.join()} clash={clash} />
            ))}
          </ul>
        )}
      </Stack>
    </Page>
  )
}
