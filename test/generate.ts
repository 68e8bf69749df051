/** Writes the generated files. Look at the difference before you commit it. */
import { writeFile } from 'node:fs/promises'
import { createWorld } from '#harness'
import { generateFiles, root } from './generated/files.ts'

await using world = await createWorld({ logLevel: 'silent' })
for (const [file, text] of await generateFiles(world)) {
  await writeFile(root + file, text)
  process.stdout.write(`${file}\n`)
}
