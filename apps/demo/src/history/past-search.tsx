import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type ReactNode, useEffect, useState } from 'react'
import { Link } from 'wouter'
import { ErrorNotice } from '../shell/error-notice.tsx'
import type { PastGraph } from './past-graph.ts'
import { pastHref } from './past-href.ts'
import classes from './past-page.module.css'

/** A pause in typing after which is searched, ms: the past has no index of words, all names are read. */
const PAUSE_MS = 150

const FOUND_MAX = 8

const SEARCH_SQL = `select id, json_extract(metadata, '$.name') as name,
    json_extract(metadata, '$.description') as description
  from entity where name like ?1 order by length(name), name limit ${FOUND_MAX}`

interface Found {
  readonly id: string
  readonly name: string
  readonly description: string | null
}

/** Finds entities by how their names began then, also ones that are deleted by now. */
export function PastSearch({ past }: { readonly past: PastGraph }): ReactNode {
  const [text, setText] = useState('')
  const [found, setFound] = useState<readonly Found[]>([])
  const [error, setError] = useState<unknown>()
  const wanted = text.trim()
  useEffect(() => {
    setError(undefined)
    if (wanted === '') {
      setFound([])
      return
    }
    let isCurrent = true
    const timer = setTimeout(() => {
      past.sql<Found>(SEARCH_SQL, [`${wanted.replaceAll(/[%_]/g, '')}%`]).then(
        (rows) => {
          if (isCurrent) setFound(rows)
        },
        (failure: unknown) => {
          if (isCurrent) setError(failure)
        },
      )
    }, PAUSE_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [past, wanted])

  return (
    <section aria-label="Search of that time">
      <TextInput
        aria-label="Find an entity as it was"
        placeholder="Find an entity as it was"
        autoComplete="off"
        spellCheck={false}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {error !== undefined && <ErrorNotice error={error} title="It could not be searched" />}
      {wanted !== '' && found.length > 0 && (
        <ul className={classes.results} aria-label="Found">
          {found.map(({ id, name, description }) => (
            <li key={id}>
              <Link
                href={pastHref(past.version.id, id)}
                className={classes.result}
                onClick={() => setText('')}
              >
                <span className={classes.resultName}>{name}</span>
                <span className={classes.resultText}>{description}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
