import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { faults } from './fault.ts'

const pages = new URL('../../docs/errors/', import.meta.url)

test('every error code has its page, with its title and status, and no page is left over', () => {
  const files = readdirSync(pages).filter((file) => file.endsWith('.md') && file !== 'README.md')
  assert.deepEqual(
    files.sort(),
    Object.keys(faults)
      .map((code) => `${code}.md`)
      .sort(),
  )
  for (const [code, { title, status }] of Object.entries(faults)) {
    const page = readFileSync(new URL(`${code}.md`, pages), 'utf8')
    assert.ok(
      page.includes(title) && page.includes(String(status)),
      `docs/errors/${code}.md does not say "${title}" and ${status}`,
    )
  }
})
