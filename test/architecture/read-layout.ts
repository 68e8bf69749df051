/** Folders in the fenced tree under a document's heading "Layout", relative to the root. */
export function readLayoutFolders(markdown: string): string[] {
  const tree = /^#+ Layout\b[^]*?^```\w*\n([^]*?)^```/m.exec(markdown)?.[1] ?? ''
  const folders: string[] = []
  const parents: { indent: number; folder: string }[] = []
  for (const line of tree.split('\n')) {
    const indent = line.length - line.trimStart().length
    while ((parents.at(-1)?.indent ?? -1) >= indent) parents.pop()
    const parent = parents.at(-1)?.folder ?? ''
    // Names stand one or two spaces apart; a wider gap begins the description.
    const names = (line.trim().split(/ {3,}/)[0] ?? '').split(/ +/)
    const folded = names
      .filter((name) => /^[.\w-]+\/(?:$|<)/.test(name))
      .map((name) => `${parent}${name.replace(/<.*/, '')}`)
    folders.push(...folded)
    if (names.length === 1 && folded[0] !== undefined) parents.push({ indent, folder: folded[0] })
  }
  return folders
}
