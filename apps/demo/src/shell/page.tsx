import { Container } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import classes from './page.module.css'

/**
 * A page: its width, the document's title, and the focus, which goes to the heading when a person
 * comes from another page, so that a screen reader reads the new one from its top.
 */
export function Page({
  title,
  size = 'md',
  children,
}: {
  readonly title: string
  readonly size?: 'sm' | 'md' | 'lg'
  readonly children: ReactNode
}): ReactNode {
  useEffect(() => {
    document.title = `${title} · WordNet Explorer`
  }, [title])
  return (
    <Container size={{ sm: 720, md: 940, lg: 1180 }[size]} px={{ base: 'md', sm: 'lg' }} py="lg">
      {children}
    </Container>
  )
}

/** The heading of a page; takes the focus when the page replaces another. */
export function PageTitle({
  children,
  className,
}: {
  readonly children: ReactNode
  readonly className?: string | undefined
}): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (isFirstPage) isFirstPage = false
    else heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <h1 ref={heading} tabIndex={-1} className={className ?? classes.title}>
      {children}
    </h1>
  )
}

/** On arrival the focus belongs to the browser. */
let isFirstPage = true
