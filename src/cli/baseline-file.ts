import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import type { Baseline } from '../check/baseline.ts'
import { LockkeeperError } from '../model/errors.ts'

export const baselineName = 'lockkeeper.baseline.json'

const schema = v.looseObject({
  format: v.literal(1),
  findings: v.array(v.looseObject({ rule: v.string(), migration: v.string(), statement: v.string(), fingerprint: v.string() })),
})

export interface BaselineFile {
  /** For messages. */
  readonly shown: string
  readonly mustExist: boolean
}

/** Reads the accepted findings; undefined where there is no such file and none has to be. Throws `config-invalid` with file and key. */
export async function readBaseline(path: string, { shown, mustExist }: BaselineFile): Promise<Baseline | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (!mustExist && isAbsent(error)) return undefined
    throw new LockkeeperError('config-invalid', `The baseline ${shown} cannot be read.`, {
      hint: 'lockkeeper check --write-baseline makes it.',
      details: { file: shown },
    })
  })
  return text === undefined ? undefined : parse(text, shown)
}

function parse(text: string, shown: string): Baseline {
  const result = v.safeParse(schema, json(text, shown))
  if (result.success) return { format: 1, findings: result.output.findings }
  const key = result.issues[0].path?.map((item) => String(item.key)).join('.') ?? ''
  throw invalid(shown, key === '' ? 'it is not an object' : `"${key}" is not as expected`, key)
}

function json(text: string, shown: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid(shown, 'it is not JSON', '')
  }
}

function invalid(shown: string, why: string, key: string): LockkeeperError {
  return new LockkeeperError('config-invalid', `${shown} is no baseline: ${why}.`, {
    hint: 'Mend the file, or delete it and run lockkeeper check --write-baseline.',
    details: { file: shown, key },
  })
}

/** Writes it beside and moves it into place: whoever reads meanwhile finds the old one or the new one, and never a half. */
export async function writeBaseline(path: string, baseline: Baseline): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`
  try {
    await writeFile(beside, `${JSON.stringify(baseline, null, 2)}\n`)
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw new LockkeeperError('usage', `The baseline ${path} cannot be written.`, {
      cause: error,
      hint: 'Check --baseline and the rights of its folder.',
    })
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
