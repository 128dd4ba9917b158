/** NAMEDATALEN - 1: the bytes that the server keeps of a name. */
export const nameBytes = 63

/**
 * `name1_name2_label` cut to 63 bytes as the server's makeObjectName does it: the longer of the two names is shortened first,
 * the label never, and no character is cut in two (src/backend/commands/indexcmds.c).
 */
export function makeObjectName(name1: string, name2: string | undefined, label: string): string {
  const available = nameBytes - byteLength(label) - 1 - (name2 === undefined ? 0 : 1)
  let [first, second] = [byteLength(name1), byteLength(name2 ?? '')]
  while (first + second > available) {
    if (first > second) first -= 1
    else second -= 1
  }
  return [clip(name1, first), ...(name2 === undefined ? [] : [clip(name2, second)]), label].join('_')
}

/** The longest beginning of a text that is at most so many bytes of UTF-8 and cuts no character in two. */
export function clip(text: string, bytes: number): string {
  if (byteLength(text) <= bytes) return text
  let kept = ''
  let used = 0
  for (const character of text) {
    used += byteLength(character)
    if (used > bytes) return kept
    kept += character
  }
  return kept
}

/** Bytes of the text in UTF-8. */
export function byteLength(text: string): number {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return encoder.encode(text).length
  return text.length
}

const encoder = new TextEncoder()
