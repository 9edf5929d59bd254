import { Button, Group, Paper, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { entityHref } from '../data/entity.ts'
import { formatMoment } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { type Clash, valueText } from './clash.ts'
import classes from './clash-card.module.css'
import { type ShownClash, useClash } from './use-clash.ts'

/** One clash: what happened, both values, and what can be done. */
export function ClashCard({ clash }: { readonly clash: Clash }): ReactNode {
  const shown = useClash(clash)
  const { name, isThere, sentence } = shown
  const title = name ?? (clash.table === 'relation' ? 'A relation' : 'An entity')
  return (
    <Paper component="li" withBorder radius="lg" className={classes.card} aria-label={title}>
      <Group justify="space-between" align="baseline" wrap="nowrap" gap="sm">
        <h2 className={classes.title}>
          {clash.table === 'entity' && isThere ? (
            <Link href={entityHref(clash.id)} className={classes.link}>
              {title}
            </Link>
          ) : (
            title
          )}
        </h2>
        <time className={classes.time} dateTime={new Date(clash.atMs).toISOString()}>
          {formatMoment(clash.atMs, Date.now())}
        </time>
      </Group>
      <Text size="sm" mt={4}>
        {sentence}
      </Text>
      {clash.fields.length > 0 && <Values clash={clash} />}
      <ClashActions shown={shown} />
      {shown.error !== undefined && <ErrorNotice error={shown.error} title="It was not changed" />}
    </Paper>
  )
}

/** What can be done about a clash. */
export function ClashActions({ shown }: { readonly shown: ShownClash }): ReactNode {
  const { keepLabel, keep, action, isBusy } = shown
  return (
    <Group gap="xs" mt="md">
      <Button size="xs" variant="default" onClick={keep}>
        {keepLabel}
      </Button>
      {action !== undefined && (
        <Button size="xs" variant="light" loading={isBusy} onClick={() => void action.run()}>
          {action.label}
        </Button>
      )}
    </Group>
  )
}

function Values({ clash: { fields, winner } }: { readonly clash: Clash }): ReactNode {
  return (
    <table className={classes.values}>
      <thead>
        <tr>
          <td />
          <th scope="col">You wrote{winner === 'ours' && <Stands />}</th>
          <th scope="col">They wrote{winner === 'theirs' && <Stands />}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map(({ name, ours, theirs }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td data-wins={winner === 'ours'}>{valueText(ours)}</td>
            <td data-wins={winner === 'theirs'}>{valueText(theirs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Stands(): ReactNode {
  return <span className={classes.stands}>stands</span>
}
