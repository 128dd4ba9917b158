import { inChild } from './_typeorm-child.ts'
import type { RecordedClass, RecordRequest } from './_typeorm-protocol.ts'

/** Runs the migrations in a child process and gives what they issued. Throws `source-unreadable` where it ends without an answer. */
export function record(request: RecordRequest, signal: AbortSignal): Promise<readonly RecordedClass[]> {
  return inChild<readonly RecordedClass[]>(request, signal, (answer, { end }) => {
    if (answer.kind === 'done') end(answer.classes)
  })
}
