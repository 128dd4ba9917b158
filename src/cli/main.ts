#!/usr/bin/env node
import { hideArguments, openContext } from './context.ts'
import { runCommandLine } from './program.ts'

hideArguments()
const world = openContext()
const status = await runCommandLine(process.argv.slice(2), world.context)
await world.flush()
// What a command leaves open (a socket in a failing handshake) must not keep the process alive.
process.exit(world.signalStatus() ?? status)
