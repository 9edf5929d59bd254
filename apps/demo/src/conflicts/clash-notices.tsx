import { Affix, Notification, Stack, Text } from '@mantine/core'
import { IconArrowsSplit2 } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Clash } from './clash.ts'
import { ClashActions } from './clash-card.tsx'
import classes from './clash-notices.module.css'
import { useClashes } from './conflicts-context.tsx'
import { useClash } from './use-clash.ts'

/** Clashes shown at a time; the rest is a link. */
const NOTICES_MAX = 2

/** Tells of clashes when they are noticed, wherever a person is. Closing one leaves it on its page. */
export function ClashNotices(): ReactNode {
  const { clashes, noticedIds } = useClashes()
  const [location] = useLocation()
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const fresh = clashes.filter(
    (clash) => clash.conflictIds.some((id) => noticedIds.has(id)) && !closed.has(keyOf(clash)),
  )
  const isShown = fresh.length > 0 && location !== '/conflicts'
  return (
    <Affix position={{ bottom: 46, right: 16 }} className={classes.corner} zIndex={300}>
      <Stack gap="sm" role="log" aria-label="Conflicts noticed">
        {isShown &&
          fresh
            .slice(0, NOTICES_MAX)
            .map((clash) => (
              <Notice
                key={keyOf(clash)}
                clash={clash}
                onClose={() => setClosed((now) => new Set([...now, keyOf(clash)]))}
              />
            ))}
        {isShown && fresh.length > NOTICES_MAX && (
          <Link href="/conflicts" className={classes.more}>
            {fresh.length - NOTICES_MAX} more on the page of conflicts
          </Link>
        )}
      </Stack>
    </Affix>
  )
}

function Notice({
  clash,
  onClose,
}: {
  readonly clash: Clash
  readonly onClose: () => void
}): ReactNode {
  const shown = useClash(clash)
  return (
    <Notification
      withBorder
      radius="lg"
      icon={<IconArrowsSplit2 size={18} stroke={1.7} aria-hidden />}
      title={shown.name === undefined ? 'A conflict' : `A conflict about ${shown.name}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
      onClose={onClose}
      classNames={{ root: classes.notice ?? '' }}
    >
      <Text size="sm" c="var(--ink)">
        {shown.sentence}
      </Text>
      <ClashActions shown={shown} />
      <Link href="/conflicts" className={classes.more}>
        See both
      </Link>
    </Notification>
  )
}

function keyOf({ conflictIds }: Clash): string {
  return conflictIds.join()
}
