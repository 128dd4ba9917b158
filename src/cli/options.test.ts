import { describe, expect, it } from 'vitest'
import { parseDuration, parseServer, parseShare, parseWindow } from './options.ts'

describe('parseDuration', () => {
  it.each([
    ['100ms', 100],
    ['100', 100],
    ['2s', 2000],
    ['1.5s', 1500],
    ['30min', 1_800_000],
    ['30m', 1_800_000],
    ['1h', 3_600_000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })
  it.each(['', 's', '-1s', '1w', '1 2s', 'constructor'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow('is not a time')
  })
})

describe('parseWindow', () => {
  it('reads hours and minutes, over midnight too', () => {
    expect(parseWindow('02:00-04:30')).toEqual({ fromMinute: 120, toMinute: 270 })
    expect(parseWindow('23:00-01:00')).toEqual({ fromMinute: 1380, toMinute: 60 })
  })
  it.each(['2-4', '25:00-26:00', '02:61-03:00', '02:00-02:00', ''])('refuses "%s"', (text) => {
    expect(() => parseWindow(text)).toThrow(/window/)
  })
})

describe('parseServer', () => {
  it('reads a major, and forgives a minor', () => {
    expect(parseServer('postgres@13')).toEqual({ flavor: 'postgresql', version: 13 })
    expect(parseServer('postgresql@16.4')).toEqual({ flavor: 'postgresql', version: 16 })
  })
  it.each([
    ['postgres@12', 'server-unsupported'],
    ['postgres@19', 'server-unsupported'],
    ['mariadb@10', 'engine-unsupported'],
    ['oracle@9', 'usage'],
  ])('refuses %s', (text, code) => {
    expect(() => parseServer(text)).toThrow(expect.objectContaining({ code }))
  })
})

describe('parseShare', () => {
  it('reads a number of targets or a percentage of them', () => {
    expect(['5', '0', '10%', '2.5 %'].map(parseShare)).toEqual([
      { unit: 'targets', amount: 5 },
      { unit: 'targets', amount: 0 },
      { unit: 'percent', amount: 10 },
      { unit: 'percent', amount: 2.5 },
    ])
  })
  it.each(['', '-1', '1.5', '101%', 'five'])('refuses "%s"', (text) => {
    expect(() => parseShare(text)).toThrow('is not a number of targets')
  })
})
