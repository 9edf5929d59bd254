import { Button, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { Page } from './page.tsx'

/** For addresses that name nothing. */
export function NotFoundPage(): ReactNode {
  return (
    <Page title="Not found" size="sm">
      <Stack align="flex-start" py="xl">
        <Title order={1}>There is nothing here</Title>
        <Text c="dimmed">The address may be mistyped, or what it named was deleted.</Text>
        <Button component={Link} href="/" variant="light">
          Go to the start
        </Button>
      </Stack>
    </Page>
  )
}
