import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { createWorld } from '#harness'
import { generateFiles, root } from './files.ts'

test('the committed OpenAPI, row types, settings, inventory and promises are what code and database say now', async () => {
  await using world = await createWorld()
  const files = await generateFiles(world)
  assert.ok(files.size >= 4)
  for (const [file, text] of files) {
    const committed = await readFile(root + file, 'utf8')
    assert.ok(text.length > 500, `${file} is nearly empty`)
    assert.equal(committed, text, `${file} is out of date: run npm run generate and look at the difference`)
  }
})
