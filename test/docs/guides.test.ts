/** Every block of every page of docs/ is run, sent, compared or marked with a reason; see blocks.ts for how pages say which. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { commands } from '#cli'
import { compilePolicy, defaultPolicy } from '#engine/decide'
import { faults } from '#kernel/fault'
import { Marked, type Token } from 'marked'
import { blocksOf, useOf } from './blocks.ts'
import { createReader, isLike } from './run-guide.ts'

const root = new URL('../../', import.meta.url)
const files = globSync('docs/**/*.md', { cwd: root }).filter((file) => !/^docs\/(errors|decisions)\//.test(file)).toSorted() // prettier-ignore
const textOf = (file: string): string => readFileSync(new URL(file, root), 'utf8')

const known = new Map(
  await Promise.all(commands.map(async ({ name, load }) => [name, Object.keys((await load()).options)] as const)),
)

/** What the command line does not know in these words: a command, or an option of it. */
function unknownWords(line: string): string[] {
  const [, name = '', rest = ''] =
    /^(?:[A-Z_]+=(?:\$\([^)]*\)|\S+) )*(?:npx |bin\/)?vouch ([\w-]+)(.*)$/.exec(line) ?? []
  const options = known.get(name)
  if (!options) return [`vouch ${name}`]
  const given = [...rest.matchAll(/--([a-z-]+)/g)].map(([, option = '']) => option)
  return given.filter((option) => ![...options, 'json', 'help'].includes(option))
}

const codeSpans = (markdown: string): string[] => {
  const found: string[] = []
  const marked = new Marked()
  void marked.walkTokens(marked.lexer(markdown), (token: Token) => {
    if (token.type === 'codespan') found.push(token['text'])
  })
  return found
}

test('every block says what is to be done with it, and every command that a page names is known', () => {
  assert.ok(files.length >= 15)
  for (const file of files) {
    for (const block of blocksOf(textOf(file))) {
      const use = useOf(block)
      assert.notEqual(use.is, 'offence', `${file}: ${use.is === 'offence' ? use.why : ''}\n${block.text}`)
      if (use.is === 'commands')
        for (const [, line = ''] of block.text.matchAll(/^\$ (.+)$/gm)) assert.deepEqual(unknownWords(line), [], `${file}: ${line}`) // prettier-ignore
      if (use.is === 'condition') {
        const lists = [...block.text.matchAll(/lists\.(\w+)/g)].map(([, name = '']) => name.replaceAll('_', '-'))
        const rule = { id: 'shown', when: block.text, then: 'step_up', reason: 'Shown.' } as const
        assert.ok(compilePolicy({ ...defaultPolicy, rules: [rule], lists }).ok, `${file}: ${block.text}`)
      }
    }
    for (const code of codeSpans(textOf(file)))
      if (/^(npx |bin\/)?vouch [a-z]/.test(code)) assert.deepEqual(unknownWords(code), [], `${file}: ${code}`)
  }
})

for (const file of files) {
  const isRun = blocksOf(textOf(file)).some((block) => ['run', 'send', 'answer'].includes(useOf(block).is))
  if (isRun)
    test(`what ${file} tells to run runs, and prints what it shows`, async () => {
      await using reader = await createReader()
      await reader.run(textOf(file))
    })
}

test('every page about an error shows a problem document with its own code and status', () => {
  for (const code of Object.keys(faults)) {
    const [block] = blocksOf(textOf(`docs/errors/${code}.md`)).filter(({ language }) => language === 'json')
    const shown = JSON.parse(block?.text ?? assert.fail(code))
    assert.deepEqual([shown.code, shown.type], [code, `/errors/${code}`])
  }
})

test('the guard is not blind: blocks that say nothing, fail, or print something else are found', async () => {
  for (const [info, why] of [
    ['', /neither run nor marked/],
    ['json', /neither run nor marked/],
    ['sh norun', /says nothing/],
    ['sh norun: no', /without a reason/],
    ['json POST', /says nothing/],
  ] as const) {
    const [block] = blocksOf(`\`\`\`${info}\nx\n\`\`\``)
    const use = useOf(block ?? assert.fail('no block'))
    assert.match(use.is === 'offence' ? use.why : '', why)
  }
  assert.equal(useOf(blocksOf('Text.\n\n    indented').at(0) ?? assert.fail('no block')).is, 'offence')
  assert.deepEqual(unknownWords('bin/vouch lost'), ['vouch lost'])
  assert.deepEqual(unknownWords('bin/vouch log export DIR --nowhere'), ['nowhere'])
  assert.ok(isLike({ a: 'req_…', b: [1] }, { a: 'req_12', b: [1] }))
  assert.ok(!isLike({ a: 1 }, { a: 1, b: 2 }) && !isLike({ a: [1, 2] }, { a: [1, 3] }))
  await using reader = await createReader()
  await assert.rejects(reader.run('```sh\ntrue\n```\n\n```sh\nfalse\n```'), /does not run:\nfalse/)
  await assert.rejects(reader.run('```sh\necho \'{"a": 1}\'\n```\n\n```json answer\n{ "a": 2 }\n```'), /another answer/)
  await assert.rejects(reader.run('```json POST /v1/evaluate\n{}\n```'), /answers/)
})
