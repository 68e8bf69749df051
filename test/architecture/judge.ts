/**
 * The laws of architecture.ts as pure functions over files: `judge(files)` answers every offence. Types count as
 * imports, because a type that points up is already a thought that points up.
 */
import { emptyNames, generatedFiles, lengths, maxLines } from '../../architecture.ts'
import { judgeImports } from './judge-imports.ts'
import { judgeWords } from './judge-words.ts'
import type { Note, Offence, SourceFile } from './laws.ts'
import { isTest, locate } from './places.ts'
import { lineOf, readSource, type Source } from './read-source.ts'

/** `path` is relative to the project root, with `/`. */
export function judge(files: readonly SourceFile[], importsMap: Readonly<Record<string, string>>): Offence[] {
  const offences: Offence[] = []
  for (const { path, text } of files) {
    const source = readSource(text)
    const note: Note = (law, at, message) => {
      offences.push({ law, path, line: lineOf(source, at), message })
    }
    judgePlace(path, note)
    judgeImports(path, source, importsMap, note)
    if (isTest(path)) continue
    judgeWords(path, source, note)
    judgeLength(path, source, note)
  }
  return [...offences, ...judgeHeaders(files)]
}

function judgePlace(path: string, note: Note): void {
  if (!locate(path)) {
    note(
      'places',
      0,
      'architecture.ts knows no layer or module here. Put the file in a module, or add the module there.',
    )
  }
  for (const name of path.split('/').slice(1)) {
    const stem = name.replace(/(?:\.test|\.d)?\.ts$/, '')
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(stem)) note('names', 0, `"${name}" is not kebab-case. Rename it.`)
    const empty = emptyNames.find((word) => (word === 'types' ? stem === word : stem.split('-').includes(word)))
    if (empty !== undefined) note('names', 0, `"${empty}" says nothing. Name the file after what it holds or does.`)
  }
}

function judgeLength(path: string, source: Source, note: Note): void {
  if (generatedFiles.includes(path)) return
  const allowed = lengths[path]?.lines ?? maxLines
  const lines = source.text.trimEnd().split('\n').length
  if (lines > allowed) note('length', 0, `${lines} lines, ${allowed} allowed. Split it by what it does.`)
}

function judgeHeaders(files: readonly SourceFile[]): Offence[] {
  const folders = new Set(
    files.flatMap(({ path }) => {
      const home = locate(path)
      return home?.module === undefined ? [] : [home.folder]
    }),
  )
  return [...folders].flatMap((folder): Offence[] => {
    const index = files.find(({ path }) => path === `${folder}index.ts`)
    if (index && /^\s*\/[/*]/.test(index.text)) return []
    const message = index
      ? 'It does not open with a comment. Say what it is, promises, refuses and needs.'
      : 'The module has no index.ts. Add one: the only file others may import.'
    return [{ law: 'header', path: `${folder}index.ts`, line: 1, message }]
  })
}
