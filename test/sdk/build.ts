/** The package as it would be installed: built, in a `node_modules` of a folder of its own. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const tsc = join(root, 'node_modules/typescript/bin/tsc')
export const runFile = promisify(execFile)

export async function installSdk() {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-sdk-'))
  const target = join(folder, 'node_modules/@vouch/sdk')
  await mkdir(target, { recursive: true })
  await cp(join(root, 'sdk/package.json'), join(target, 'package.json'))
  await runFile(process.execPath, [tsc, '-p', join(root, 'sdk'), '--outDir', join(target, 'dist')])
  await symlink(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  return {
    folder,
    dist: join(target, 'dist'),
    /** Judges the types of files in the folder, as a project of its own would. */
    checkTypes: (...files: string[]) =>
      runFile(process.execPath, [tsc, '--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node', ...files], { cwd: folder }), // prettier-ignore
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
